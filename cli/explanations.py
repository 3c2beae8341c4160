"""Hydra's errors in plain words: what was given, what is allowed, what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from hydra import compose
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

CONF = Path(__file__).resolve().parents[1] / "conf"


def explain_compose_error(error: Exception, arguments: Sequence[str]) -> str:
    """One message from an error that composing the config of ``train.py`` ended with.

    Args:
        error: The error.
        arguments: The overrides.
    """
    message = str(error)
    unknown = re.search(r"Could not (?:override|delete from config\.) '([^']+)'", message)
    if unknown:
        # where the override is a mapping, the cause names the key inside it
        inner = re.search(r"full_key: (\S+)", str(error.__cause__))
        return _unknown_key(inner[1] if inner else unknown[1], arguments)
    if choice := unknown_choice(message):
        return choice
    function = re.search(r"override '([^']+?)=(.*)'\n.*Unknown function", message)
    if function:
        return (
            f"Parentheses need quotes on the command line: write '{function[1]}=\"{function[2]}\"' "
            "with both kinds of quotes."
        )
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(line for line in lines if not line.startswith(("full_key", "object_type")))


def unknown_choice(message: str) -> str:
    """Explains an unknown option of a config group; empty if Hydra's message is another."""
    choice = re.search(
        r"Could not find '([^']+)'.*?Available options in '([^']+)':(.*?)Config", message, re.S
    )
    if not choice:
        return ""
    name, group, options = choice[1], choice[2], ", ".join(choice[3].split())
    return f"There is no {group} called {name.rpartition('/')[2]!r}. Choose one of: {options}."


def known_keys(config: DictConfig, key: str) -> tuple[str, str | None, str]:
    """Looks up the place in a config where an unknown key was meant to be.

    Args:
        config: The composed config.
        key: The unknown key, dotted.

    Returns:
        The deepest section that exists on the way to the key, the name there that is closest to
        the key's (None if none is close), and a sentence that lists the names there.
    """
    parent, _, last = key.rpartition(".")
    while parent and not isinstance(OmegaConf.select(config, parent), DictConfig):
        parent, _, last = parent.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    names = [str(k) for k in node if not str(k).startswith("_") and (parent or k != "hydra")]
    close = difflib.get_close_matches(last, names, n=1, cutoff=0.5)
    where = f"under {parent!r}" if parent else "at the top"
    listed = f"Keys {where}: {', '.join(sorted(names)) or 'none'}."
    return parent, close[0] if close else None, listed


def _unknown_key(key: str, arguments: Sequence[str]) -> str:
    """Composes the config without the unknown key, to list the keys at its place."""
    overrides = OverridesParser.create().parse_overrides(list(arguments))
    given = zip(arguments, overrides, strict=True)
    others = [argument for argument, override in given if not _sets(override, key)]
    try:
        config = compose("train", others, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException):
        config = compose("train", return_hydra_config=True)
    parent, close, listed = known_keys(config, key)
    hint = f" Did you mean {close!r}?" if close else _other_choices(parent)
    return (
        f"Unknown config key {key!r}.{hint} {listed} To add a new key on purpose write +{key}=..."
    )


def _sets(override: Override, key: str) -> bool:
    """Whether an override sets a key: by its name, or by a mapping that holds it."""
    name = override.key_or_group
    return name == key or (key.startswith(f"{name}.") and isinstance(override.value(), dict))


def _other_choices(section: str) -> str:
    """Lists the options of a config group; empty if the section is not one."""
    options = ", ".join(sorted(path.stem for path in (CONF / section).glob("*.yaml")))
    if not (section and options):
        return ""
    return f" For another choice write {section}=<name>, with one of: {options}."
