"""Executors run jobs: as processes of this machine, or as batch jobs of SLURM."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from softsym.runs.errors import UserError
from softsym.sweeps.executors.base import Executor, Job, Status, SubmitError
from softsym.sweeps.executors.local import LocalExecutor
from softsym.sweeps.executors.slurm import SlurmExecutor

__all__ = [
    "Executor",
    "Job",
    "LocalExecutor",
    "SlurmExecutor",
    "Status",
    "SubmitError",
    "make_executor",
    "require_whole",
]

KINDS = {"local": LocalExecutor, "slurm": SlurmExecutor}


def require_whole(name: str, given: object, least: int) -> None:
    """Raises a UserError if a setting is no whole number of at least ``least``."""
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise UserError(f"{name} must be a whole number of at least {least}; got {given}.")


def make_executor(settings: Mapping[str, Any]) -> Executor:
    """Builds the executor of a file of ``conf/executor/`` or ``conf/hydra/launcher/``."""
    rest = dict(settings)
    kind = rest.pop("kind", None)
    if kind not in KINDS:
        raise UserError(f"executor.kind={kind}: choose one of {', '.join(KINDS)}.")
    poll = rest.get("poll_seconds", 1)
    if isinstance(poll, bool) or not isinstance(poll, int | float) or poll < 0:
        raise UserError(f"poll_seconds must be a number of at least 0; got {poll}.")
    known = [name for name in inspect.signature(KINDS[kind]).parameters if name != "self"]
    if unknown := [name for name in rest if name not in known]:
        raise UserError(f"There is no setting {unknown[0]!r}. Choose among: {', '.join(known)}.")
    try:
        return KINDS[kind](**rest)
    except (TypeError, ValueError) as error:
        raise UserError(f"executor={kind}: {error}.".replace("..", ".")) from None
