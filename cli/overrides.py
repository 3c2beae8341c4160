"""Checks the command line before Hydra runs, so that a typo gets one helpful message.

Nothing here imports torch or Lightning: a mistake is answered in a fraction of a second.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from softsym.cli import slurm
from softsym.cli.choices import CONF, SEARCHPATH, config_folders
from softsym.cli.explanations import (
    advice,
    explain_compose_error,
    meant,
    require_choices,
    require_readable,
)
from softsym.cli.named_symmetries import require_kind
from softsym.cli.places import check_places, check_run_folder, refusal
from softsym.cli.quoting import quoted, readable
from softsym.cli.seeds import over_seeds
from softsym.cli.selection import count_folds, over_folds
from softsym.cli.settings.check import check_settings
from softsym.cli.settings.memory import check_memory
from softsym.cli.settings.names import check_names
from softsym.cli.settings.schema import Train
from softsym.cli.several import require_anew, require_one
from softsym.runs.errors import UserError

MULTIRUN = ("-m", "--multirun")
OWN_FOLDER = ("run_dir=", "hydra.run.dir=")
SHOWS = {"--cfg": 1, "-c": 1, "--package": 1, "-p": 1, "--resolve": 0, "--run": 0, "-r": 0}
"""Flags with which a config is composed all the same, and their number of values."""


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
    plain = _without(SHOWS, [word for word in arguments if word not in MULTIRUN])
    if any(word.startswith("-") for word in plain):
        return []
    if any(word in MULTIRUN for word in arguments):
        for job in _each_value(plain):
            require_one(check_overrides(job))
        return []
    config = check_overrides(plain)
    if any(word in SHOWS and SHOWS[word] for word in arguments):
        return []
    folder = Path(config.hydra.run.dir)
    named = any(a.startswith(OWN_FOLDER) for a in arguments)
    slurm_job, resumes = slurm.current(), config.ckpt_path == "last"
    selects = config.select is not None and config.select_fold is None
    if selects or config.seeds > 1:
        require_anew(config, folder)
        folds = count_folds(config) if selects else 0
        if not named:
            folder = folder.with_name(slurm_job.name(arguments)) if slurm_job else _claim(folder)
        return over_folds(folds, folder, arguments) if selects else over_seeds(config, folder)
    check_run_folder(folder, config.ckpt_path)
    if slurm_job is None:
        return [] if named or resumes else [f"run_dir={quoted(_claim(folder))}"]
    goes_on = [] if config.ckpt_path else ["ckpt_path=auto"]
    if named:
        return goes_on
    if not resumes:
        folder = folder.with_name(slurm_job.name(arguments))
    return [f"run_dir={quoted(folder)}", *goes_on]


def hydra_arguments(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra takes them: quoted, flags first, own configs as an override.

    A folder ``conf`` in the current folder counts as ``--config-dir conf``. As an override, the
    folder reaches the checks and the jobs of a sweep too.

    Args:
        arguments: What the user gave.

    Raises:
        UserError: If there is no such flag, the folder of own configs does not exist, or a file in
            it has the name of a shipped one, which Hydra would take instead.
    """
    several = any(word in MULTIRUN for word in arguments)
    words = [readable(word, several) for word in arguments]
    named = _flags(words)
    given = ["--multirun"] if several else []
    rest = [word for word in _without({"--config-dir": 1, "-cd": 1}, words) if word not in MULTIRUN]
    rest = [word for word in rest if not word.startswith("--config-dir=")]
    folder = None if named is None else Path(named)
    if folder is not None and not (named and folder.is_dir()):
        raise UserError(
            f"--config-dir: there is no folder {named!r}. Name the folder of your own configs, as "
            "in --config-dir conf."
        )
    if folder is None and Path("conf").is_dir() and Path("conf").resolve() != CONF:
        folder = Path("conf")
    if folder is None or any(word.startswith(f"{SEARCHPATH}=") for word in rest):
        return [*given, *rest]
    own = f"{SEARCHPATH}=[{quoted(f'file://{folder.resolve()}')}]"
    _require_new_names(folder)
    # beside the other overrides: Hydra takes them in one piece, before or behind its own flags
    place = next((i for i, word in enumerate(rest) if "=" in word and word[0] != "-"), 0)
    return [*given, *rest[:place], own, *rest[place:]]


def _flags(words: Sequence[str]) -> str | None:
    """Returns the folder that ``--config-dir`` names, and raises a UserError on unknown flags."""
    known = {option for action in get_args_parser()._actions for option in action.option_strings}
    folders = []
    for word, following in itertools.zip_longest(words, words[1:], fillvalue=""):
        flag, equals, value = word.partition("=")
        if not flag.startswith("-"):
            continue
        if flag not in known:
            key = flag.lstrip("-").replace("-", "_")
            raise UserError(
                f"There is no flag {flag}. Settings are written without dashes, such as "
                f"{meant(key) or key}={value or following or '<value>'}. Flags are -m for several "
                "runs, --config-dir for your own configs, --cfg job to show the config, and --help."
            )
        if flag in ("--config-dir", "-cd"):
            folders.append(value if equals else following)
    if folders[1:]:
        raise UserError(
            f"--config-dir is given twice: {' and '.join(folders)}. For several folders write "
            f"'{SEARCHPATH}=[file://<folder>,file://<folder>]'."
        )
    return folders[0] if folders else None


def _without(flags: Mapping[str, int], words: Sequence[str]) -> list[str]:
    """The words without some flags and their values; ``flags`` maps each to the number of these."""
    rest, skip = [], 0
    for word in words:
        if skip:
            skip -= 1
        elif word in flags:
            skip = flags[word]
        else:
            rest.append(word)
    return rest


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
    words = [readable(word) for word in arguments]
    require_readable(words)
    folders = config_folders(words)
    require_choices(words, folders)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            config = compose("train", words, return_hydra_config=True)
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(explain_compose_error(error, words)) from error
    check_settings(config, Train, lambda key: advice(key, config, folders))
    check_names(config, Train)
    check_memory(config)
    require_kind(config.symmetry_kind)
    check_places(config)
    plain = OmegaConf.to_container(config, resolve=False)
    missing = [key for key in _missing(plain) if not key.startswith("hydra.")]
    if missing:
        raise UserError(f"The config lacks a value for {', '.join(missing)}; pass {missing[0]}=...")
    return config


def _each_value(arguments: Sequence[str]) -> list[list[str]]:
    """Overrides of some runs of a sweep in which, together, each of its values occurs."""
    require_readable(arguments)
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
