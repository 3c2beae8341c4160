"""What every executor can do."""

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
"""Before a command: runs it as if outside of the SLURM job that sweep.py may itself run in."""


class SubmitError(Exception):
    """A job could not be started; the message says why."""


@dataclass(frozen=True)
class Job:
    """A trial's job.

    Attributes:
        folder: The trial's folder, where its output goes.
        name: Tells it from all other jobs.
        id: What the executor calls it; empty if that was never written down.
    """

    folder: Path
    name: str
    id: str = ""


@dataclass(frozen=True)
class Status:
    """What is known of a job.

    Attributes:
        alive: Whether it runs, or will.
        state: In words.
        code: Exit code of one that is gone; None if unknown.
        id: What the executor calls it.
    """

    alive: bool
    state: str
    code: int | None = None
    id: str = ""


class Executor(Protocol):
    """Starts jobs and looks after them.

    Attributes:
        kind: Its name in configs.
        poll_seconds: How often to look.
        survives: Whether jobs go on when sweep.py ends.
    """

    kind: str
    poll_seconds: float
    survives: bool

    def submit(self, job: Job, command: Sequence[str]) -> str:
        """Starts a command as a job; its output is appended to ``output.log`` in the folder.

        Returns:
            The job's id.

        Raises:
            SubmitError: If it cannot be started, also if one in this folder is still alive.
        """

    def poll(self, jobs: Mapping[int, Job]) -> dict[int, Status] | None:
        """Looks at jobs, which another sweep.py may have started; None if nothing can be seen."""

    def stop(self, jobs: Sequence[Job]) -> None:
        """Asks jobs to save and end."""
