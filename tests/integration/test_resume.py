"""Nothing is lost: a killed run resumes to the very same result, Ctrl-C leaves a report."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import pytest
import torch


def stop(train, number, epochs, *overrides):
    """Sends a signal once ``strengths.csv`` shows a number of epochs."""
    process = train.start(*overrides)
    strengths = train.folder / "run" / "strengths.csv"
    while process.poll() is None:
        if strengths.exists() and len(strengths.read_text().splitlines()) > 4 * epochs:
            os.kill(process.pid, number)
            break
        time.sleep(0.002)
    return train.finish(process)


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "epochs", [1, pytest.param(4, marks=SLOW), 9, pytest.param(18, marks=SLOW)]
)
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
    run = train("ckpt_path=auto")
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


@pytest.mark.slow
def test_last_finds_the_newest_run_of_the_name(train, finished):
    train("name=mine", "trainer.max_epochs=10", "scheduler.T_max=24")
    train("name=mine", "ckpt_path=last")
    (folder,) = (train.folder / "outputs" / "mine").iterdir()
    assert (folder / "metrics.json").read_text() == (finished.folder / "metrics.json").read_text()


def test_terminated_run_says_so_and_resumes(train, finished):
    slow = ("checkpoint.every_n_epochs=1", "trainer.max_epochs=100000", "scheduler.T_max=24")
    stopped = stop(train, signal.SIGTERM, 3, *slow)
    assert stopped.returncode == 128 + signal.SIGTERM, stopped.output
    assert "continue with ckpt_path=last" in stopped.output
    resumed = train("ckpt_path=last")
    assert resumed.metrics == finished.metrics


def test_two_interrupts_stop_at_once_without_a_traceback(train):
    process = train.start("trainer.max_epochs=100000", "checkpoint.every_n_epochs=1")
    strengths = train.folder / "run" / "strengths.csv"
    while not strengths.exists():
        time.sleep(0.01)
    for _ in range(2):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.001)
    run = train.finish(process)
    assert run.returncode in (0, 1, 130)  # 0 if the epoch ended between the two
    assert "Traceback" not in run.output


def test_another_config_does_not_resume(train):
    train("trainer.max_epochs=2")
    refused = train("ckpt_path=last", "seed=5", ok=False)
    assert "cannot be resumed with another config" in refused.output
    assert "seed: 0 then, 5 now" in refused.output


def test_a_run_is_not_written_over(train):
    before = train("trainer.max_epochs=2").metrics
    refused = train("seed=5", ok=False)
    assert "holds a run already" in refused.output
    assert refused.metrics == before


def test_runs_of_one_second_keep_apart(train):
    started = [train.start("name=loop", f"seed={seed}", "trainer.max_epochs=2") for seed in (1, 2)]
    for process in started:
        process.communicate(timeout=300)
        assert process.returncode == 0
    folders = list((train.folder / "outputs" / "loop").iterdir())
    assert len(folders) == 2
    texts = {(folder / "metrics.json").read_text() for folder in folders}
    assert len(texts) == 2


def test_a_full_disk_stops_with_one_line_and_what_was_saved_goes_on(train, small_disk):
    folder = small_disk(4000) / "run"
    place = f"run_dir={folder}"
    settings = ("checkpoint.every_n_epochs=2", "scheduler.T_max=24", place)
    process = train.start(*settings, "trainer.max_epochs=100000")
    while process.poll() is None and not (folder / "checkpoints" / "last.ckpt").exists():
        time.sleep(0.01)
    with suppress(OSError), (folder.parent / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(b"0" * 1000)
    full = train.finish(process, place)
    assert full.returncode == 1
    assert "No space left on device" in full.output
    assert "What was saved before is whole: make room" in full.output
    assert "Traceback" not in full.output
    (folder.parent / "filler").unlink()
    epochs = 1 + torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["epoch"]
    resumed = train("ckpt_path=last", f"trainer.max_epochs={epochs + 20}", *settings)
    assert "Resuming from" in resumed.output
    assert len(resumed.strengths) == 4 * (epochs + 20)


def test_killed_after_the_last_epoch_it_measures_what_is_missing(train):
    words = ("trainer.max_epochs=14", "test_model=last", "run_dir=late")
    folder = train.folder / "late"
    assert train.run(*words).returncode == 0
    metrics = (folder / "metrics.json").read_text()
    for name in ("run.json", "metrics.json"):
        (folder / name).unlink()
    again = train.run(*words, "ckpt_path=auto")
    assert again.returncode == 0, again.output
    assert (folder / "metrics.json").read_text() == metrics
