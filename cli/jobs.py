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
from softsym.cli.overrides import quoted

FAILED: list[str] = []
"""Commands of the runs that failed in this process; ``train.py`` lists them at its end."""


def is_sweep() -> bool:
    """Whether the current run is one of a ``--multirun``."""
    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def program(argv: Sequence[str], original: Sequence[str]) -> list[str]:
    """The words before the arguments of this process, as the user typed them.

    Args:
        argv: ``sys.argv``.
        original: ``sys.orig_argv``, which also knows the interpreter and its flags.

    Example:
        >>> program(["/env/softsym/train.py", "seed=1"], ["python", "/env/bin/softsym", "train"])
        ['softsym', 'train']
    """
    words = original[1:3]
    if words and Path(words[0]).name == "softsym":
        return ["softsym", *words[1:]]
    if words[:1] == ["-m"]:
        return ["python", *words]
    return ["python", argv[0]]


def command_of_job(given: Sequence[str]) -> str:
    """The command line that repeats this run by itself, also one of a sweep.

    Args:
        given: ``sys.argv`` of the process, as the user gave it.
    """
    started = program(given, sys.orig_argv)
    if not is_sweep():
        return shlex.join([*started, *given[1:]])
    config = HydraConfig.get()
    folder = f"run_dir={quoted(config.runtime.output_dir)}"
    return shlex.join([*started, *config.overrides.task, folder, "ckpt_path=auto"])


def start_of_run(given: Sequence[str]) -> dict[str, Any]:
    """Describes how a run was started: its command, overrides, and choice of each config group.

    Args:
        given: ``sys.argv`` of the process, as the user gave it.
    """
    config = HydraConfig.get()
    choices = {k: str(v) for k, v in config.runtime.choices.items() if not k.startswith("hydra/")}
    overrides = list(config.overrides.task)
    return {"command": command_of_job(given), "overrides": overrides, "choices": choices}


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
