"""Nothing is lost: a killed run resumes to the very same result, Ctrl-C leaves a report."""

from __future__ import annotations

import os
import signal
import time

import pytest


def stop(train, number, epochs, *overrides):
    """Sends a signal once ``strengths.csv`` shows so many epochs."""
    process = train.start(*overrides)
    strengths = train.folder / "run" / "strengths.csv"
    while process.poll() is None:
        if strengths.exists() and len(strengths.read_text().splitlines()) > 4 * epochs:
            os.kill(process.pid, number)
            break
        time.sleep(0.002)
    return train.finish(process)


@pytest.mark.parametrize("epochs", [1, 4, 9, 18])
def test_killed_run_resumes_bitwise(train, finished, epochs):
    """Before, around and after the adjustment (epoch 6) and the settling (epoch 12)."""
    killed = stop(train, signal.SIGKILL, epochs)
    assert killed.returncode == -signal.SIGKILL
    assert not (killed.folder / "metrics.json").exists()
    resumed = train("ckpt_path=last")
    # the first checkpoint comes just after the first rows
    assert epochs == 1 or "Resuming from" in resumed.output
    assert resumed.metrics == finished.metrics
    assert resumed.strengths == finished.strengths


def test_killed_before_any_checkpoint_starts_again(train, finished):
    run = train("ckpt_path=last")
    assert "starting from the beginning" in run.output
    assert run.metrics == finished.metrics


def test_interrupt_leaves_checkpoint_and_report_and_resumes(train, finished):
    slow = ("checkpoint.every_n_epochs=1", "trainer.max_epochs=100000", "scheduler.T_max=24")
    stopped = stop(train, signal.SIGINT, 8, *slow)
    assert stopped.returncode == 0, stopped.output
    assert "interrupted" in stopped.output
    assert (stopped.folder / "checkpoints" / "last.ckpt").exists()
    assert (stopped.folder / "symmetry_report.html").exists()
    done = len(stopped.strengths) // 4
    assert done < 24, "the run was too fast to be stopped in time"
    resumed = train("ckpt_path=last")
    assert resumed.strengths == finished.strengths
    assert resumed.metrics == finished.metrics


def test_last_finds_the_newest_run_of_the_name(train, finished):
    train("name=mine", "trainer.max_epochs=10", "scheduler.T_max=24")
    train("name=mine", "ckpt_path=last")
    (folder,) = (train.folder / "outputs" / "mine").iterdir()
    assert (folder / "metrics.json").read_text() == (finished.folder / "metrics.json").read_text()
