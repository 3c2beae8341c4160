"""Runs that begin with the weights of others, average their weights, or go on for longer."""

from __future__ import annotations

import shlex

import pytest
import torch

from softsym.cli.places import resume_words

AVERAGES = {
    "StochasticWeightAveraging": ["+callbacks.average.swa_lrs=1e-3"],
    "WeightAveraging": [],
    "EMAWeightAveraging": ["+callbacks.average.decay=0.9"],
}


@pytest.mark.parametrize("name", AVERAGES)
def test_weight_averaging_trains_to_the_report(name, train):
    target = f"+callbacks.average._target_=lightning.pytorch.callbacks.{name}"
    run = train("trainer.max_epochs=14", target, *AVERAGES[name])
    assert (run.folder / "symmetry_report.html").exists()
    assert run.metrics["test/mse"] > 0


def test_more_epochs_follow_a_longer_schedule(train, finished):
    train("trainer.max_epochs=14")
    longer = train("trainer.max_epochs=24", "ckpt_path=last")
    assert "over 24 epochs instead of 14" in " ".join(longer.output.split())
    last = torch.load(longer.folder / "checkpoints" / "last.ckpt", weights_only=True)
    whole = torch.load(finished.folder / "checkpoints" / "last.ckpt", weights_only=True)
    rates = [c["optimizer_states"][0]["param_groups"][0]["lr"] for c in (last, whole)]
    assert rates[0] == pytest.approx(rates[1], abs=1e-12)
    assert len(longer.strengths) == 24 * 4


def test_another_runs_weights_are_where_a_run_starts(train, finished):
    run = train(f"init_from={finished.folder}", "trainer.max_epochs=1", "optimizer.lr=1e-30")
    best = torch.load(finished.folder / "checkpoints" / "best.ckpt", weights_only=True)
    last = torch.load(run.folder / "checkpoints" / "last.ckpt", weights_only=True)
    for name, weight in last["state_dict"].items():
        assert torch.allclose(weight, best["state_dict"][name])


def test_words_to_resume_can_be_pasted(train):
    folder = train.folder / "it's a=b, c #1 & é"
    words = shlex.split(resume_words(folder))
    train("trainer.max_epochs=1", words[1])
    assert "Resuming from" in train("trainer.max_epochs=1", *words).output
    assert (folder / "metrics.json").exists()
