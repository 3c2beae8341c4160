"""One run among several of a process: its command, and failures that spare the other runs."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from softsym.cli.errors import reported
from softsym.cli.overrides import SEARCHPATH
from softsym.cli.places import near
from softsym.cli.program import program
from softsym.cli.quoting import override
from softsym.cli.selection import FINAL_WORD

FAILED: list[str] = []
"""Commands of the runs that failed in this process; ``train.py`` lists them at its end."""


def is_sweep() -> bool:
    """Whether the current run is one of a ``--multirun``."""
    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def command_of_job(given: Sequence[str]) -> str:
    """The command line that repeats this run by itself, also one of a sweep.

    Args:
        given: ``sys.argv`` of the process, as the user gave it.
    """
    started = program(given, sys.orig_argv)
    if not is_sweep():
        return shlex.join([*started, *given[1:]])
    config = HydraConfig.get()
    own_configs = [o for o in config.overrides.hydra if o.startswith(f"{SEARCHPATH}=")]
    folder = override("run_dir", near(Path(config.runtime.output_dir)))
    task = [word for word in _task() if not word.startswith(("run_dir=", "ckpt_path="))]
    return shlex.join((*started, *task, *own_configs, folder, "ckpt_path=auto"))


def _task() -> list[str]:
    """The overrides of this run; the final training of a selection has those of the whole."""
    return [word for word in HydraConfig.get().overrides.task if word != FINAL_WORD]


def start_of_run(given: Sequence[str]) -> dict[str, Any]:
    """Describes how a run was started: its command, overrides, and choice of each config group.

    Args:
        given: ``sys.argv`` of the process, as the user gave it.
    """
    config = HydraConfig.get()
    choices = {k: str(v) for k, v in config.runtime.choices.items() if not k.startswith("hydra/")}
    return {"command": command_of_job(given), "overrides": _task(), "choices": choices}


@contextmanager
def job(debug: bool = False) -> Iterator[None]:
    """Reports an error like :func:`~softsym.cli.errors.reported`, but lets other jobs go on.

    Args:
        debug: Let errors through, with their tracebacks.
    """
    try:
        with reported(debug):
            yield
    except SystemExit as stop:
        if stop.code != 1 or HydraConfig.get().runtime.choices["hydra/launcher"] != "basic":
            raise
        FAILED.append(command_of_job(sys.argv))
