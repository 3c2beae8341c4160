"""What SLURM tells a process of its job, and how the job is put back into the queue.

Nothing but the standard library is imported here: see :mod:`softsym.cli.preemption`.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

SHELLS = ("interactive", "bash", "sh", "zsh", "fish")
"""Names of jobs that salloc and srun make for a shell."""
SECONDS = 60


@dataclass(frozen=True)
class Job:
    """The job that this process is part of.

    Attributes:
        id: As ``scontrol`` takes it: of an array with the number of the task.
        step: Number of the ``srun``; None in the batch script itself.
        rank: Of this process among those of its ``srun``.
        restarts: How often the job was put back into the queue.
    """

    id: str
    step: str | None
    rank: int
    restarts: int

    def name(self, arguments: Sequence[str]) -> str:
        """A name for what a command of this job leaves: the same on all ranks and after a requeue.

        Args:
            arguments: Of the command, as one job may run several.
        """
        digest = hashlib.sha256("\0".join(arguments).encode()).hexdigest()[:6]
        return "-".join(["slurm", self.id, *([self.step] if self.step else []), digest])


def current() -> Job | None:
    """This process's job; None outside of SLURM and in an interactive shell."""
    env = os.environ
    if "SLURM_JOB_ID" not in env or "SLURM_PROCID" not in env:
        return None
    if "SLURM_PTY_PORT" in env:
        return None
    if "SLURM_STEP_ID" not in env and env.get("SLURM_JOB_NAME") in SHELLS:
        return None
    # of an array's last task SLURM_JOB_ID is that of the whole array
    array, task = env.get("SLURM_ARRAY_JOB_ID"), env.get("SLURM_ARRAY_TASK_ID")
    return Job(
        f"{array}_{task}" if array and task else env["SLURM_JOB_ID"],
        env.get("SLURM_STEP_ID"),
        int(env["SLURM_PROCID"]),
        int(env.get("SLURM_RESTART_COUNT", "0")),
    )


def put_back(job: Job) -> str:
    """Asks SLURM to run a batch job again from its beginning, unless it has decided otherwise.

    A job that somebody cancels gets the same signal as one that must make room, and would come
    back too if asked for; its state tells them apart.

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
        return f"Job {job.id} is not one of sbatch, which SLURM does not run again."
    if state not in ("RUNNING", "SIGNALING") and reason != "TimeLimit":
        return f"Job {job.id} is {state} already: what becomes of it is decided."
    answer = _scontrol("requeue", job.id)
    if answer.returncode:
        return f"SLURM does not requeue job {job.id}: {answer.stderr.strip()}"
    return f"Job {job.id} is back in the queue."


def _scontrol(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs ``scontrol``, which inherits that its caller is deaf to the signals of the job."""
    try:
        return subprocess.run(
            ["scontrol", *arguments], capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(["scontrol"], 1, "", str(error))


def _field(name: str, shown: str) -> str:
    found = re.search(rf"\b{name}=(\S+)", shown)
    return found[1] if found else ""
