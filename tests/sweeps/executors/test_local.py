"""Processes of this machine: one to a folder, found again, ended with all they started."""

import os
import signal
import sys
import time

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.executors import Job, LocalExecutor, SubmitError, make_executor


@pytest.fixture
def executor():
    return LocalExecutor(0.05)


@pytest.fixture
def job(tmp_path):
    return Job(tmp_path / "trial", "name")


def started(executor, job, code):
    return Job(job.folder, job.name, executor.submit(job, [sys.executable, "-c", code]))


def gone(executor, job, seconds=20):
    end = time.monotonic() + seconds
    while (status := executor.poll({0: job})[0]).alive:
        assert time.monotonic() < end
        time.sleep(0.02)
    return status


SLEEP = "import time; time.sleep(60)"


@pytest.mark.parametrize(
    ("code", "expected"),
    [("print('hello')", 0), ("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)],
)
def test_exit_code_and_output(code, expected, executor, job):
    assert gone(executor, started(executor, job, code)).code == expected
    assert ("hello" in (job.folder / "output.log").read_text()) == (expected == 0)


def test_another_executor_sees_that_it_lives_and_starts_none_beside_it(executor, job):
    job = started(executor, job, SLEEP)
    other = LocalExecutor()
    assert other.poll({0: job})[0].alive
    with pytest.raises(SubmitError, match="a process still runs in"):
        other.submit(job, ["true"])
    other.stop([job])
    assert gone(other, job).code is None  # only its parent knows
    assert gone(executor, job).code == -signal.SIGTERM
    assert gone(other, started(other, job, "pass")).code == 0


def test_what_was_never_started_is_gone(executor, job):
    assert not executor.poll({0: job})[0].alive


def test_what_a_killed_one_leaves_behind_is_ended(executor, job):
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    job = started(executor, job, child)
    group = int(job.id)
    time.sleep(0.5)
    os.kill(group, signal.SIGKILL)
    gone(executor, job)
    end = time.monotonic() + 10
    while _lives(group):
        assert time.monotonic() < end
        time.sleep(0.05)


def _lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_trial_knows_nothing_of_the_slurm_job_around(executor, job, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_CONF", "where")
    job = started(executor, job, "import os; print([k for k in os.environ if 'SLURM' in k])")
    gone(executor, job)
    assert (job.folder / "output.log").read_text() == "['SLURM_CONF']\n"
    assert os.environ["SLURM_JOB_ID"] == "7"


def test_devices_are_shared_out(tmp_path):
    executor = LocalExecutor(0.05, devices=[2, 5])
    show = "import os, time; print(os.environ['CUDA_VISIBLE_DEVICES']); time.sleep({})"
    jobs = [started(executor, Job(tmp_path / str(n), ""), show.format(n)) for n in (0, 30)]
    gone(executor, jobs[0])
    jobs.append(started(executor, Job(tmp_path / "3", ""), show.format(0)))
    gone(executor, jobs[2])
    executor.stop(jobs)
    gone(executor, jobs[1])
    seen = [(job.folder / "output.log").read_text().strip() for job in (jobs[0], jobs[2])]
    assert seen == ["2", "2"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "cloud"}, "executor.kind=cloud: choose one of local, slurm"),
        ({"kind": "local", "devices": []}, r"devices must be null or a list .* such as \[0, 1\]"),
        ({"kind": "local", "slots": 3}, "no setting 'slots'. Choose among: poll_seconds, devices"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(UserError, match=message):
        make_executor(settings)
