"""The command line of ``sweep.py``: checked before anything heavy is imported."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from typing import Any, cast

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from softsym.cli import resolvers
from softsym.cli.choices import CONF, config_folders
from softsym.cli.errors import reported
from softsym.cli.explanations import (
    known_keys,
    require_choices,
    require_readable,
    unknown_choice,
)
from softsym.cli.overrides import MULTIRUN, hydra_arguments
from softsym.cli.program import spoken
from softsym.cli.quoting import readable
from softsym.cli.settings.check import check_settings
from softsym.cli.settings.schema import Sweep
from softsym.runs.errors import UserError

__all__ = [
    "check_arguments",
    "hydra_arguments",
    "plain",
    "register",
    "reported",
    "require_optuna",
    "train_values",
]

ACTIONS = ("run", "status")
LISTS = ("overrides=", "command=")
"""Settings that are lists of words, in which Hydra wants quotes around an equals sign."""


def register() -> None:
    """Registers what the help and train.py's config call, such as ``${choices:search}``."""

    def choices(group: str) -> str:
        return ", ".join(sorted(path.stem for path in (CONF / group).glob("*.yaml")))

    OmegaConf.register_new_resolver("choices", choices, replace=True)
    resolvers.register()


def require_optuna() -> None:
    """Raises a UserError if the extra ``search`` is not installed."""
    if importlib.util.find_spec("optuna") is None:
        raise UserError('Searches need optuna: pip install -e ".[search]"')


def check_arguments(arguments: Sequence[str]) -> list[str]:
    """Translates the command line for Hydra, and checks it.

    The first word may be the action, such as ``status``; the items of ``overrides=[a=1,b=2]`` need
    no quotes of their own. A wrong argument raises a UserError.
    """
    given = _with_action(arguments)
    if any(argument in MULTIRUN for argument in given):
        raise UserError(
            "sweep.py runs many trials by itself, so it takes no --multirun. For every combination "
            f"of some values use {spoken('train')} -m key=1,2 instead."
        )
    has_flags = any(argument.startswith("-") for argument in given)
    for argument in given:
        if has_flags:
            break  # a word without "=" may be the value of a flag, as in --cfg job
        if "=" not in argument and not argument.startswith(("-", "~")):
            raise UserError(
                f"sweep.py cannot use {argument!r}: what follows the action is key=value."
            )
        if argument.startswith(LISTS) and "=[" not in argument.replace(" ", ""):
            key = argument.partition("=")[0]
            raise UserError(f"{argument}: {key} is a list, such as '{key}=[seed=1,threads=1]'.")
    given = [readable(argument) for argument in given]
    if has_flags:
        return given  # flags such as --help are Hydra's
    require_readable(given)
    require_choices(given, config_folders(given))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        try:
            config = compose("sweep", given)
        except (HydraException, OmegaConfBaseException) as error:
            raise UserError(_explain(error, given)) from error
    check_settings(config, Sweep)
    return given


def _with_action(arguments: Sequence[str]) -> list[str]:
    """The arguments, where a first word such as ``status`` becomes ``action=status``."""
    given = list(arguments)
    if given and "=" not in given[0] and not given[0].startswith("-"):
        if given[0] == "picture":
            raise UserError(
                f"The pictures of a search are in its report: {spoken('report')} <folder>"
            )
        if given[0] not in ACTIONS:
            raise UserError(
                f"sweep.py knows no {given[0]!r}. Start with {' or '.join(ACTIONS)}, or with "
                "key=value to run; everything else is key=value."
            )
        given[0] = f"action={given[0]}"
    return given


def plain(config: DictConfig) -> dict[str, Any]:
    """The config of sweep.py as plain values, after which Hydra may compose that of train.py."""
    GlobalHydra.instance().clear()
    return cast("dict[str, Any]", OmegaConf.to_container(config, resolve=True))


def train_values(overrides: Sequence[str], keys: Sequence[str]) -> dict[str, Any]:
    """Values of train.py's config by key, without groups and keys that it lacks."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", hydra_arguments(overrides))
    missing = object()
    values = {key: OmegaConf.select(config, key, default=missing) for key in keys}
    return {key: v for key, v in values.items() if v is not missing and not OmegaConf.is_config(v)}


def _explain(error: Exception, arguments: Sequence[str]) -> str:
    """One message from an error of Hydra's."""
    message = str(error)
    if choice := unknown_choice(message, arguments):
        return choice
    unknown = re.search(r"Could not override '([^']+)'", message)
    if not unknown:
        return " ".join(message.split())
    key = unknown[1]
    section, close, listed = known_keys(compose("sweep"), key)
    if not section and _is_of_training(key):
        return (
            f"{key!r} is a key of {spoken('train')}. For all trials of a search it goes into "
            f"'overrides=[{key}=...]'."
        )
    if section == key.rpartition(".")[0] and close:
        return f"sweep.py has no key {key!r}. Did you mean {close!r}? {listed}"
    more = "" if section else f" Overrides of train.py go into 'overrides=[{key}=...]'."
    return f"sweep.py has no key {key!r}. {listed}{more}"


def _is_of_training(key: str) -> bool:
    """Whether train.py's config has a key or a group of this name."""
    top = key.partition(".")[0]
    return top in compose("train") or any((CONF / top).glob("*.yaml"))
