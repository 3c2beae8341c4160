"""A grid of runs on SLURM loses nothing when its launcher and one of its jobs are killed."""

from __future__ import annotations

import shlex
import signal
import subprocess
from pathlib import Path

import pytest
from cluster.trainings import command, finished, metrics

SWEEP = ("seed=0,1", "regularizers.xy.strength=1,10")
RUNS = 4


def launch(slurm, folder, *overrides):
    words = shlex.split(command("-m", "hydra/launcher=slurm", *SWEEP, *overrides))
    return subprocess.Popen(
        [*words, "hydra.launcher.poll_seconds=0.5", "callbacks.last.every_n_epochs=2"],
        cwd=folder,
        env=slurm.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def folders(folder):
    return sorted(path for path in folder.glob("multirun/quickstart/*") if path.is_dir())


def job_of(slurm, folder):
    """The newest job of a run."""
    mine = [r for r in slurm.jobs() if Path(r.get("StdOut", "")).parent == folder]
    return max(mine, key=lambda record: int(record["JobId"]))["JobId"]


@pytest.fixture(scope="module")
def swept(slurm, tmp_path_factory):
    """Launches, kills the launcher and one job, launches twice at once, and once more.

    Returns its folder, the run that was killed, and what the last launchers said.
    """
    folder = tmp_path_factory.mktemp("grid")
    with launch(slurm, folder) as first:
        slurm.until(
            lambda: any(run.joinpath("checkpoints/last.ckpt").exists() for run in folders(folder)),
            *(120, "first checkpoint of a run"),
        )
        first.send_signal(signal.SIGKILL)
    killed = next(r for r in folders(folder) if (r / "checkpoints" / "last.ckpt").exists())
    job = job_of(slurm, killed)
    slurm.scancel(job, "KILL")
    slurm.wait(job, timeout=60)
    outputs = []
    for together in (2, 1):
        again = [launch(slurm, folder) for _ in range(together)]
        outputs += [launcher.communicate(timeout=300)[0] for launcher in again]
        assert [launcher.returncode for launcher in again] == [0] * together, outputs
    return folder, killed, outputs


def test_all_runs_are_finished_and_each_was_begun_once(swept):
    folder, killed, _ = swept
    runs = folders(folder)
    assert len(runs) == RUNS
    assert all(finished(run) for run in runs)
    assert len({metrics(run)["test/mse"] for run in runs}) == RUNS
    for run in runs:
        log = (run / "train.log").read_text()
        assert log.count("starting from the beginning") == 1
        assert ("Resuming from" in log) == (run == killed)


def test_two_launchers_at_once_follow_what_runs_and_start_what_does_not(swept):
    _, _, (second, third, _) = swept
    for output in (second, third):
        # whether the others still run by then or have finished, they are not started again
        assert output.count("started (job") <= 1
        assert f"{RUNS} of {RUNS} runs finished, 0 failed" in output
    assert "started (job" in second + third


def test_what_is_finished_is_not_run_again(swept):
    *_, last = swept[2]
    assert f"{RUNS} runs, {RUNS} of them finished before" in last
    assert "started (job" not in last


def test_a_wrong_value_stops_before_any_job(slurm, tmp_path):
    before = len(slurm.jobs())
    launcher = launch(slurm, tmp_path, "optimizer.lr=1e-3,fast")
    output, _ = launcher.communicate(timeout=120)
    assert launcher.returncode == 1
    assert "optimizer.lr must be a number" in output
    assert "Traceback" not in output
    assert len(slurm.jobs()) == before
