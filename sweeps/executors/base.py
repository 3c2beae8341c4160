"""The interface of executors: they start jobs and watch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

JOB_VARIABLES = r"s/^\(SLURM_[A-Za-z0-9_]*\)=.*/\1/p"
OUTSIDE = (
    *("sh", "-c"),
    f"""unset $(env | sed -n '{JOB_VARIABLES}' | grep -vx SLURM_CONF); exec "$@\"""",
    "sh",
)
"""Put before a command, runs it as if outside of any SLURM job.

The launcher may itself run in a job, whose variables would make sbatch and srun take its settings.
"""
ENDING = "ending"


class SubmitError(Exception):
    """A job could not be started; the message says why."""


@dataclass(frozen=True)
class Job:
    """One run as an executor's job, under a name that no other job has."""

    folder: Path  # the run folder, where its output goes
    name: str
    id: str = ""  # the executor's id of it; empty if it was never recorded


@dataclass(frozen=True)
class Status:
    """What an executor knows of a job."""

    alive: bool  # whether it runs or waits, or may do so
    state: str  # in words; ENDING for a job that is missing but may still be alive
    code: int | None = None  # exit code of a job that is gone; None if unknown
    id: str = ""

    @property
    def seen(self) -> bool:
        """Whether the job certainly runs or waits."""
        return self.alive and self.state != ENDING


class Executor(Protocol):
    """Starts jobs and watches them."""

    kind: str  # its name in configs
    poll_seconds: float  # seconds between two looks at the jobs
    survives: bool  # whether jobs go on when the process that started them ends

    def submit(self, job: Job, command: Sequence[str]) -> str:
        """Starts a command as a job whose output goes to ``output.log``; returns the job's id.

        Raises:
            SubmitError: If it cannot be started, or the last job of the folder is still alive.
        """

    def poll(self, jobs: Mapping[int, Job]) -> dict[int, Status] | None:
        """Status of jobs, which another process may have started; None if it cannot be known."""

    def stop(self, jobs: Sequence[Job]) -> None:
        """Asks jobs to save and end."""
