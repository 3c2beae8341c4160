"""What a process knows of its job, and when the job is put back into the queue."""

from __future__ import annotations

import pytest

from softsym.cli import slurm
from softsym.cli.slurm import Job

JOB = Job("7", None, 0, 0)


@pytest.fixture
def env(monkeypatch):
    for name in list(slurm.os.environ):
        if name.startswith("SLURM_"):
            monkeypatch.delenv(name)

    def give(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"SLURM_{name}", value)
        return slurm.current()

    return give


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    """A ``scontrol`` that shows one job and writes down what it is asked."""

    def give(shown, answer=""):
        program = tmp_path / "scontrol"
        program.write_text(
            f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n'
            f'[ "$1" = show ] && {{ echo "{shown}"; exit 0; }}\n'
            f'[ -z "{answer}" ] || {{ echo "{answer}" >&2; exit 1; }}\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return lambda: (tmp_path / "asked").read_text().splitlines()

    return give


def test_no_job_outside_of_slurm_and_in_a_shell_of_its(env):
    assert env() is None
    assert env(JOB_ID="7") is None
    assert env(PROCID="0", JOB_NAME="interactive") is None
    assert env(STEP_ID="3") == Job("7", "3", 0, 0)
    assert env(PTY_PORT="40000") is None  # srun --pty bash


def test_task_of_an_array_goes_by_the_arrays_number(env):
    job = env(JOB_ID="9", ARRAY_JOB_ID="9", ARRAY_TASK_ID="2", PROCID="1", STEP_ID="0")
    assert job == Job("9_2", "0", 1, 0)
    assert env(RESTART_COUNT="2").restarts == 2


def test_folders_are_named_alike_on_all_ranks_and_after_a_requeue_only():
    name = Job("7", "0", 0, 0).name(["seed=1"])
    assert name == Job("7", "0", 3, 2).name(["seed=1"])
    others = Job("8", "0", 0, 0).name(["seed=1"]), Job("7", "1", 0, 0).name(["seed=1"])
    assert len({name, *others, Job("7", "0", 0, 0).name(["seed=2"])}) == 4


@pytest.mark.parametrize(
    ("state", "reason"),
    [("RUNNING", "None"), ("SIGNALING", "None"), ("COMPLETING", "TimeLimit")],
)
def test_a_job_that_must_make_room_comes_back(state, reason, scontrol):
    asked = scontrol(f"JobId=7 JobState={state} Reason={reason} BatchFlag=1")
    assert slurm.put_back(JOB) == "Job 7 is back in the queue."
    assert asked() == ["show job -o 7", "requeue 7"]


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        ("JobState=COMPLETING Reason=None BatchFlag=1", "COMPLETING already and is not requeued"),
        ("JobState=RUNNING Reason=None BatchFlag=0", "was not submitted by sbatch"),
    ],
)
def test_a_job_that_is_cancelled_or_interactive_does_not(shown, answer, scontrol):
    asked = scontrol(shown)
    assert answer in slurm.put_back(JOB)
    assert asked() == ["show job -o 7"]


def test_a_refusal_is_told(scontrol):
    scontrol("JobState=RUNNING BatchFlag=1", "Requested operation is presently disabled")
    assert "presently disabled" in slurm.put_back(JOB)


def test_without_scontrol_there_is_a_message(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "scontrol" in slurm.put_back(JOB)
