"""A job that must make room saves, comes back by itself, and ends as if nothing had happened."""

from __future__ import annotations

import time

import pytest
from cluster.trainings import command, finished, same

SIGNALS = ("TERM", "USR1", "USR2")


def trains(folder):
    """Whether the training has begun."""
    return (folder / "strengths.csv").exists()


def steps(slurm, job):
    return slurm.command("squeue", "--steps", "--noheader", f"--jobs={job}", "--format=%i").strip()


@pytest.fixture(scope="module")
def ended(slurm, tmp_path_factory):
    """Jobs that were stopped in every way, all at once, and one that was not."""
    folder = tmp_path_factory.mktemp("preempted")
    jobs = {
        how: slurm.sbatch(
            f"srun {command(f'run_dir={folder / how}', 'ckpt_path=auto')}", cwd=folder
        )
        for how in ("undisturbed", *SIGNALS, "requeue", "early", "cancelled")
    }
    slurm.until(lambda: steps(slurm, jobs["early"]), 60, "step of the early one")
    time.sleep(1)  # Python has started, and imports
    slurm.scancel(jobs["early"], "TERM")
    for how in (*SIGNALS, "requeue", "cancelled"):
        slurm.until(lambda how=how: trains(folder / how), 120, f"training of {how}")
        if how in SIGNALS:
            slurm.scancel(jobs[how], how)
        elif how == "requeue":
            slurm.requeue(jobs[how])
        else:
            slurm.scancel(jobs[how])
    records = {how: slurm.wait(job, timeout=180)[0] for how, job in jobs.items()}
    return folder, records


@pytest.mark.parametrize("how", [*SIGNALS, "requeue", "early"])
def test_comes_back_and_ends_bit_for_bit_the_same(ended, how):
    folder, records = ended
    assert records[how]["JobState"] == "COMPLETED"
    assert records[how]["Restarts"] == "1"
    assert same(folder / how, folder / "undisturbed")


@pytest.mark.parametrize("how", SIGNALS)
def test_went_on_where_it_was(ended, how):
    folder, _ = ended
    log = (folder / how / "train.log").read_text()
    assert "Resuming from" in log
    assert f"SIG{how}: saving and leaving" in log


def test_a_job_that_its_user_cancels_stays_away_and_has_saved(ended):
    folder, records = ended
    assert records["cancelled"]["JobState"] == "CANCELLED"
    assert records["cancelled"]["Restarts"] == "0"
    assert not finished(folder / "cancelled")
    assert (folder / "cancelled" / "checkpoints" / "last.ckpt").exists()
