"""Reads a process's SLURM job from the environment, and requeues the job.

This module imports the standard library alone: see :mod:`softsym.cli.preemption`.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

SHELLS = ("interactive", "bash", "sh", "zsh", "fish")
"""Job names that salloc and srun give to interactive shells."""
SECONDS = 60
"""Time limit for ``scontrol``: a controller under load takes this long to answer."""


@dataclass(frozen=True)
class Job:
    """The job that this process is part of.

    Attributes:
        id: Id as ``scontrol`` takes it; in an array it includes the number of the task.
        step: Number of the ``srun``; None in the batch script itself.
        rank: Rank of this process within its ``srun``.
        restarts: Number of times the job was requeued.
    """

    id: str
    step: str | None
    rank: int
    restarts: int

    def name(self, arguments: Sequence[str]) -> str:
        """Names the folder of a run: the same on all ranks and after a requeue.

        Args:
            arguments: Arguments of the run's command, since one job may run several.
        """
        digest = hashlib.sha256("\0".join(arguments).encode()).hexdigest()[:6]
        return "-".join(["slurm", self.id, *([self.step] if self.step else []), digest])


def current() -> Job | None:
    """Returns the job of this process; None outside SLURM and in an interactive shell."""
    env = os.environ
    if "SLURM_JOB_ID" not in env or "SLURM_PROCID" not in env:
        return None
    if "SLURM_PTY_PORT" in env:
        return None
    if "SLURM_STEP_ID" not in env and env.get("SLURM_JOB_NAME") in SHELLS:
        return None
    # in the last task of an array, SLURM_JOB_ID is the id of the whole array
    array, task = env.get("SLURM_ARRAY_JOB_ID"), env.get("SLURM_ARRAY_TASK_ID")
    return Job(
        f"{array}_{task}" if array and task else env["SLURM_JOB_ID"],
        env.get("SLURM_STEP_ID"),
        int(env["SLURM_PROCID"]),
        int(env.get("SLURM_RESTART_COUNT", "0")),
    )


def put_back(job: Job) -> str:
    """Asks SLURM to requeue a batch job, unless the job was cancelled.

    A cancelled job gets the same signal as a preempted one, and a requeue would bring it back;
    its state tells the two apart.

    Args:
        job: The job of this process.

    Returns:
        What happened, for the log.
    """
    shown = _scontrol("show", "job", "-o", job.id)
    if shown.returncode:
        return f"SLURM does not know job {job.id}: {shown.stderr.strip()}"
    state, reason = _field("JobState", shown.stdout), _field("Reason", shown.stdout)
    if _field("BatchFlag", shown.stdout) != "1":
        return f"Job {job.id} was not submitted by sbatch, so SLURM does not requeue it."
    if state not in ("RUNNING", "SIGNALING") and reason != "TimeLimit":
        return f"Job {job.id} is {state} already and is not requeued."
    answer = _scontrol("requeue", job.id)
    if answer.returncode:
        return f"SLURM does not requeue job {job.id}: {answer.stderr.strip()}"
    return f"Job {job.id} is back in the queue."


def _scontrol(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs ``scontrol``; as a child it ignores the job's signals, as this process does now."""
    try:
        return subprocess.run(
            ["scontrol", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(["scontrol"], 1, "", str(error))


def _field(name: str, shown: str) -> str:
    found = re.search(rf"\b{name}=(\S+)", shown)
    return found[1] if found else ""
