"""Rows on a disk give the batches that rows in memory give."""

import mmap

import numpy as np
import pytest
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


@pytest.mark.parametrize("mapped", [True, False])
def test_samples_without_targets_are_left_out_without_a_copy(tmp_path, mapped):
    draw = np.random.default_rng(1)
    x, y = draw.standard_normal((300, 4)), draw.standard_normal((300, 2))
    who, y[draw.random(300) < 0.3], y[5, 1] = np.arange(300) // 3, np.nan, np.nan
    kept = ~np.isnan(y).all(1)
    np.savez(tmp_path / "gaps.npz", X=x, Y=y, who=who)
    np.savez(tmp_path / "kept.npz", X=x[kept], Y=y[kept], who=who[kept])
    settings = {"group_key": "who", "missing": "mask", "mapped": mapped}
    gaps, alone = (
        ArraysDataModule(str(tmp_path / f"{name}.npz"), "T0+T1", "2T0", **settings)
        for name in ("gaps", "kept")
    )
    for data in (gaps, alone):
        data.setup()
    assert isinstance(gaps.samples["train"].x.base, np.memmap | mmap.mmap)
    assert len(gaps.samples["train"].x) == 300
    for name, split in alone.splits.items():
        for one, other in zip(gaps.splits[name], split, strict=True):
            torch.testing.assert_close(one[:], other[:], rtol=0, atol=0, equal_nan=True)
        assert torch.equal(
            gaps.clusters[name].unique_consecutive(return_inverse=True)[1],
            alone.clusters[name].unique_consecutive(return_inverse=True)[1],
        )


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
