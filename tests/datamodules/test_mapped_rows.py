"""Rows on a disk give the batches that rows in memory give."""

import numpy as np
import torch

from softsym.datamodules import slice_loader
from softsym.datamodules.arrays import ArraysDataModule
from softsym.datamodules.slice_loader import SliceLoader


def made(folder, mapped, **settings):
    draw = np.random.default_rng(0)
    np.savez(folder / "data.npz", X=5 + draw.standard_normal((900, 4)), Y=draw.random((900, 1)))
    data = ArraysDataModule(str(folder / "data.npz"), "T0+T1", "T0", mapped=mapped, **settings)
    data.setup()
    return data


def test_a_split_on_the_disk_is_that_in_memory(tmp_path):
    there, here = made(tmp_path, True), made(tmp_path, False)
    for name, (inputs, targets) in here.splits.items():
        assert torch.equal(there.splits[name][0][:], inputs)
        assert torch.equal(there.splits[name][1][torch.arange(len(targets))], targets)


def test_each_epoch_uses_every_row_once_in_another_order(tmp_path, monkeypatch):
    monkeypatch.setattr(slice_loader, "BLOCK", 16)
    monkeypatch.setattr(slice_loader, "POOL", 128)
    data = made(tmp_path, True)
    epochs = [
        torch.cat([x for x, _ in SliceLoader(data.splits["train"], 50, 0, 1, 3, lambda e=e: e)])
        for e in (0, 1)
    ]
    everything = data.splits["train"][0][:]
    for rows in epochs:
        assert len(rows) == 600 + 30  # the last batch is a short one
        assert torch.equal(rows[:, 0].sort().values, everything[:, 0].sort().values)
        assert not torch.equal(rows, everything)
    assert not torch.equal(*epochs)


def test_a_resumed_epoch_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(slice_loader, "POOL", 128)
    data = made(tmp_path, True).splits["train"]
    whole = [x for x, _ in SliceLoader(data, 50, shuffle_seed=3)]
    resumed = SliceLoader(data, 50, shuffle_seed=3)
    resumed.load_state_dict({"batches": 5})
    for one, other in zip(whole[5:], resumed, strict=True):
        assert torch.equal(one, other[0])


def test_ranks_share_each_batch(tmp_path):
    data = made(tmp_path, True).splits["train"]
    shares = [[x for x, _ in SliceLoader(data, 50, rank, 2, shuffle_seed=3)] for rank in (0, 1)]
    whole = [x for x, _ in SliceLoader(data, 50, shuffle_seed=3)]
    for *both, batch in zip(*shares, whole, strict=True):
        assert torch.equal(torch.cat(both), batch)
