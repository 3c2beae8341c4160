"""A checkpoint is whole or absent."""

import pytest
import torch
from small_runs import data, module, planes, trainer

from softsym.lightning_modules.checkpoint_io import AtomicCheckpointIO


def test_a_save_that_breaks_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path, first = tmp_path / "new" / "last.ckpt", {"state_dict": {}, "epoch": 1}
    AtomicCheckpointIO().save_checkpoint(first, path)

    def half(checkpoint, file):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(OSError, match="disk full"):
        AtomicCheckpointIO().save_checkpoint({"state_dict": {}, "epoch": 2}, path)
    assert AtomicCheckpointIO().load_checkpoint(path, weights_only=True) == {
        "state_dict": {},
        "epoch": 1,
    }
    assert [p.name for p in path.parent.iterdir()] == ["last.ckpt"]


def test_a_full_disk_is_told_as_one(small_disk):
    """PyTorch's own error is of the bookkeeping of its archive."""
    path = small_disk(600) / "last.ckpt"
    AtomicCheckpointIO().save_checkpoint({"state_dict": {"w": torch.zeros(10_000)}}, path)
    with pytest.raises(OSError, match="No space left on device"):
        AtomicCheckpointIO().save_checkpoint({"w": torch.zeros(500_000)}, path)
    kept = AtomicCheckpointIO().load_checkpoint(path, weights_only=True)
    assert len(kept["state_dict"]["w"]) == 10_000
    assert [p.name for p in path.parent.iterdir()] == ["last.ckpt"]


def test_a_trainer_saves_through_it(tmp_path):
    run = trainer(tmp_path, 1, plugins=[AtomicCheckpointIO()])
    run.fit(module(planes()), data())
    run.save_checkpoint(tmp_path / "all.ckpt")
    assert [p.name for p in tmp_path.iterdir()] == ["all.ckpt"]
    saved = torch.load(tmp_path / "all.ckpt", weights_only=True)
    assert "Regularizer[xy]" in saved["callbacks"]
