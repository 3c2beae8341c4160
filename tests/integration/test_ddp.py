"""Two processes do what one does."""

from __future__ import annotations

import pytest
import torch

STEPS = ("trainer.max_steps=20", "policy.epoch=3")


def weights(run):
    return torch.load(run.folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]


def test_two_processes_equal_one(train, tmp_path):
    alone = train(*STEPS, f"run_dir={tmp_path / 'one'}")
    together = train(*STEPS, "trainer=ddp_cpu", "trainer.devices=2", f"run_dir={tmp_path / 'two'}")
    for name, weight in weights(alone).items():
        torch.testing.assert_close(weights(together)[name], weight, rtol=1e-4, atol=1e-6)
    for a, b in zip(alone.strengths, together.strengths, strict=True):
        assert float(b["strength"]) == pytest.approx(float(a["strength"]), rel=1e-4)
        assert float(b["penalty"]) == pytest.approx(float(a["penalty"]), rel=1e-4)
    for key in ("test/mse", "test/moved/xy/mse", "test/moved/o3/mse"):
        assert together.metrics[key] == pytest.approx(alone.metrics[key], rel=1e-4)


@pytest.mark.slow
def test_two_processes_ask_held_out_samples_as_one_does(train, tmp_path):
    steps = ("trainer.max_epochs=4", "policy=constrain", "datamodule.samples=100")
    alone = train(*steps, f"run_dir={tmp_path / 'one'}")
    together = train(*steps, "trainer=ddp_cpu", "trainer.devices=2", f"run_dir={tmp_path / 'two'}")
    for a, b in zip(alone.strengths, together.strengths, strict=True):
        for key in ("strength", "tolerance", "price"):
            assert float(b[key]) == pytest.approx(float(a[key]), rel=1e-3, nan_ok=True)
    assert float(together.strengths[0]["tolerance"]) > 0


@pytest.mark.slow
def test_only_rank_zero_writes(train):
    run = train(*STEPS, "trainer=ddp_cpu", "trainer.devices=2")
    assert run.output.count("Report:") == 1
    assert len(list((run.folder / "csv").iterdir())) == 1
    assert [p.name for p in run.folder.glob("*.log")] == ["train.log"]


def test_batch_smaller_than_processes_is_refused(train):
    run = train("trainer=ddp_cpu", "datamodule.batch_size=1", ok=False)
    assert "A global batch of 1 samples cannot be shared by 2 processes" in run.output


def test_bf16_keeps_penalties_in_float32(train, finished):
    run = train("trainer.precision=bf16-mixed", "trainer.max_epochs=2")
    for rough, exact in zip(run.strengths[:4], finished.strengths[:4], strict=True):
        # the first step's penalty is that of the same initial weights, to float32
        assert float(rough["penalty"]) == pytest.approx(float(exact["penalty"]), rel=1e-2)
