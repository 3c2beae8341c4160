"""Checks the command line before Hydra runs, so that a typo gets one helpful message.

Nothing here imports torch or Lightning: a mistake is answered in a fraction of a second.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from softsym.cli import slurm
from softsym.cli.explanations import CONF, explain_compose_error
from softsym.cli.places import check_places, check_run_folder, refusal
from softsym.cli.quoting import quoted, readable
from softsym.runs.errors import UserError

MULTIRUN = ("-m", "--multirun")
OWN_FOLDER = ("run_dir=", "hydra.run.dir=")
SEARCHPATH = "hydra.searchpath"


def check_command_line(arguments: Sequence[str]) -> list[str]:
    """Composes the config as the run will, checks it, and claims a new run folder.

    With ``--multirun``, every value of a sweep is checked, but not every combination. Hydra
    handles other flags, such as ``--help``, by itself.

    Args:
        arguments: The arguments of ``train.py``.

    Returns:
        Arguments to add: the run folder, unless the user named it. A SLURM job gets a folder that
        is named by the job, so that a requeued job continues there.

    Raises:
        UserError: If an override names an unknown key, group or choice, a value is missing, or
            the run folder cannot be written.
    """
    plain = [argument for argument in arguments if argument not in MULTIRUN]
    if any(argument.startswith("-") for argument in plain):
        return []
    if len(plain) < len(arguments):
        for job in _each_value(plain):
            check_overrides(job)
        return []
    config = check_overrides(plain)
    folder = Path(config.hydra.run.dir)
    check_run_folder(folder, config.ckpt_path)
    named = any(a.startswith(OWN_FOLDER) for a in arguments)
    slurm_job, resumes = slurm.current(), config.ckpt_path == "last"
    if slurm_job is None:
        return [] if named or resumes else [f"run_dir={quoted(_claim(folder))}"]
    goes_on = [] if config.ckpt_path else ["ckpt_path=auto"]
    if named:
        return goes_on
    if not resumes:
        folder = folder.with_name(slurm_job.name(arguments))
    return [f"run_dir={quoted(folder)}", *goes_on]


def hydra_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra takes them: flags first, a folder of own configs as an override.

    A folder ``conf`` in the current folder counts as ``--config-dir conf``. As an override, the
    folder reaches the checks and the jobs of a sweep too.

    Args:
        arguments: What the user gave.

    Raises:
        UserError: If the folder of own configs does not exist, or a file in it has the name of a
            shipped one, which Hydra would take instead.
    """
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    flags.add_argument("--config-dir", "-cd", nargs="?", const="")
    flags.add_argument(*MULTIRUN, action="store_true")
    known, words = flags.parse_known_args(list(arguments))
    rest = [readable(word, known.multirun) for word in words]
    folder = None if known.config_dir is None else Path(known.config_dir)
    if folder is not None and not (known.config_dir and folder.is_dir()):
        raise UserError(
            f"--config-dir: there is no folder {known.config_dir!r}. Name the folder of your own "
            "configs, as in --config-dir conf."
        )
    if folder is None and Path("conf").is_dir() and Path("conf").resolve() != CONF:
        folder = Path("conf")
    given = ["--multirun"] if known.multirun else []
    if folder is None or any(argument.startswith(SEARCHPATH) for argument in rest):
        return [*given, *rest]
    _require_new_names(folder)
    own = f"{SEARCHPATH}=[{quoted(f'file://{folder.resolve()}')}]"
    # beside the other overrides: Hydra takes them in one piece, before or behind its own flags
    place = next((i for i, word in enumerate(rest) if "=" in word and word[0] != "-"), 0)
    return [*given, *rest[:place], own, *rest[place:]]


def _require_new_names(folder: Path) -> None:
    """Raises a UserError if a file of own configs has the name of a shipped one."""
    for path in sorted(folder.rglob("*.yaml")):
        name = path.relative_to(folder)
        if (CONF / name).exists():
            raise UserError(f"{str(path)!r} has the name of a shipped config: give it another.")


def check_overrides(arguments: Sequence[str]) -> DictConfig:
    """Composes the config of one run and checks it.

    Args:
        arguments: Overrides, without flags.

    Returns:
        The config, with Hydra's own.

    Raises:
        UserError: If an override names an unknown key, group or choice, or a value is missing.
    """
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            config = compose("train", list(arguments), return_hydra_config=True)
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(explain_compose_error(error, arguments)) from error
        check_places(config)
        _check_numbers(config, arguments)
    plain = OmegaConf.to_container(config, resolve=False)
    missing = [key for key in _missing(plain) if not key.startswith("hydra.")]
    if missing:
        raise UserError(f"The config lacks a value for {', '.join(missing)}; pass {missing[0]}=...")
    return config


def _each_value(arguments: Sequence[str]) -> list[list[str]]:
    """Overrides of some runs of a sweep in which, together, each of its values occurs."""
    try:
        overrides = OverridesParser.create().parse_overrides(list(arguments))
        sweeps = [BasicSweeper.split_arguments([each], None)[0] for each in overrides]
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise UserError(explain_compose_error(error, arguments)) from error
    first = [values[0][0] for values in sweeps]
    return [first] + [
        [*first[:place], value, *first[place + 1 :]]
        for place, values in enumerate(sweeps)
        for (value,) in values[1:]
    ]


def _claim(folder: Path) -> Path:
    """Makes a new folder, so that runs that start within the same second stay apart."""
    names = (f"{folder.name}-{attempt}" for attempt in itertools.count(1))
    chosen = folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        while not _make(chosen):
            chosen = folder.with_name(next(names))
    except OSError as error:
        raise UserError(refusal(chosen, error.strerror or str(error))) from None
    return chosen


def _make(folder: Path) -> bool:
    """Makes a folder; false if it is there already."""
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _missing(node: Any, path: str = "") -> list[str]:
    """Keys whose value is ``???``; interpolations, which only a run can resolve, are skipped."""
    if isinstance(node, dict):
        return [key for name, value in node.items() for key in _missing(value, f"{path}.{name}")]
    return [path[1:]] if node == "???" else []


CHECKED_LATER = ("compile", "module.compile")
"""Keys that take true, false or a word, which the code that uses them checks."""


def _check_numbers(config: DictConfig, arguments: Sequence[str]) -> None:
    """Refuses text in place of numbers, which would fail later, deep in other libraries."""
    parser = OverridesParser.create()
    for argument in arguments:
        override = parser.parse_override(argument)
        key = override.key_or_group
        if key.startswith("hydra.") and not key.startswith("hydra.launcher."):
            continue  # Hydra computes these from the job, which does not exist yet
        given = None if override.is_delete() else OmegaConf.select(config, key)
        if not isinstance(given, str | float) or override.value() != given:
            continue
        others = compose("train", [a for a in arguments if a != argument], return_hydra_config=True)
        default = OmegaConf.select(others, key)
        if type(default) is int and isinstance(given, float) and not given.is_integer():
            raise UserError(f"{key} must be a whole number, such as {default}; got {given}.")
        if isinstance(default, bool) and isinstance(given, str):
            if key not in CHECKED_LATER:
                raise UserError(f"{key} must be true or false; got {given!r}.")
        elif isinstance(default, int | float) and isinstance(given, str):
            raise UserError(f"{key} must be a number, such as {default}; got {given!r}.")
