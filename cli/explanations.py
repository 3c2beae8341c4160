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

from softsym.cli.choices import choices, choose_among, config_folders
from softsym.cli.places import EXAMPLES
from softsym.cli.quoting import OVERRIDE, is_read
from softsym.cli.settings.schema import Train
from softsym.runs.errors import UserError

NEEDED: frozenset[str] = Train.__required_keys__
MEANT = {
    "trainer.max_epochs": ("epochs", "epoch", "n_epochs", "num_epochs", "max_epoch"),
    "optimizer.lr": ("learning_rate", "rate"),
    "datamodule.batch_size": ("batch", "bs"),
    "datamodule": ("data", "dataset"),
    "network": ("model", "net", "architecture"),
    "regularizers": ("regularizer", "symmetry"),
    "trainer": ("accelerator", "device"),
    "trainer.devices": ("gpus", "num_gpus"),
    "channels": ("width", "hidden"),
    "hidden_layers": ("depth", "layers"),
    "run_dir": ("output", "out", "output_dir", "folder"),
    "ckpt_path": ("resume", "checkpoint_path"),
}
"""Key of the config -> what newcomers call it."""


def meant(name: str) -> str | None:
    """The key that a newcomer means by a name from elsewhere, such as ``epochs``."""
    return next((key for key, names in MEANT.items() if name in names), None)


def require_readable(arguments: Sequence[str]) -> None:
    """Raises a UserError if an argument is no override."""
    for word in arguments:
        given = OVERRIDE.fullmatch(word)
        if given is None and not word.startswith("~"):
            example = f", as in {word}=<value>" if re.fullmatch(r"[\w.]+", word) else ""
            raise UserError(f"{word!r} is no setting: write key=value{example}.")
        if is_read(word):
            continue
        key = given[1] if given else word
        if not is_read(f"{key}=1"):
            raise UserError(
                f"{key!r} in {word!r} is no key: keys are names with dots between them."
            )
        raise UserError(
            f"The value of {word!r} cannot be read: are all of its brackets and quotes closed? "
            f"Text with such letters goes into quotes of both kinds: '{key}=\"...\"'."
        )


def require_choices(arguments: Sequence[str], folders: Sequence[Path]) -> None:
    """Raises a UserError if a config group is set to what is no name, such as null."""
    for override in OverridesParser.create().parse_overrides(list(arguments)):
        group, value = override.key_or_group, override.value()
        names = value if isinstance(value, list) else [value]
        texts = all(isinstance(name, str) for name in names)
        if override.is_delete() or texts or isinstance(value, dict) or override.is_sweep_override():
            continue
        if override.package is None and choices(group, folders):
            other = "" if group in NEEDED else f" To do without write ~{group}."
            raise UserError(
                f"{override.input_line} names no {group}.{choose_among(group, folders)}{other}"
            )


def advice(key: str, config: DictConfig, folders: Sequence[Path]) -> str:
    """What to write instead, where a key is missing, superfluous, or has a wrong value."""
    if choices(key, folders) and key in NEEDED:
        return choose_among(key, folders).replace("one of", f"one with {key}=<name>")
    if key.startswith("regularizers.") and key.count(".") == 1:
        return f" To leave it out write '~{key}'."
    if key in EXAMPLES:
        return f" Give {EXAMPLES[key]}."
    close = _elsewhere(config, key) if "." not in key and key not in NEEDED else None
    return f" Did you mean {close!r}?" if close else ""


def explain_compose_error(error: Exception, arguments: Sequence[str]) -> str:
    """One message from an error that composing the config of ``train.py`` ended with.

    Args:
        error: The error.
        arguments: The overrides.
    """
    message = str(error)
    unknown = re.search(r"Could not (override|delete from config\.) '([^']+)'", message)
    if unknown:
        # where the override is a mapping, the cause names the key inside it
        inner = re.search(r"full_key: (\S+)", str(error.__cause__))
        key = inner[1] if inner else unknown[2]
        return _unknown_key(key, arguments, delete=unknown[1] != "override")
    if choice := unknown_choice(message, arguments):
        return choice
    if several := re.search(r"Ambiguous value for argument '([^=]+)=(.*)'", message):
        key, value = several.groups()
        return (
            f"{key}={value} gives several values. To run each of them add -m; for a list write "
            f"{key}=[{value}], for text '{key}=\"{value}\"'."
        )
    if there := re.search(r"An item is already at '([^']+)'", message):
        return f"The key {there[1]!r} is there already: write {there[1]}=<value> without the +."
    if merged := re.search(r"Error merging override \+*([^=\s]+)=", message):
        return f"{merged[1]} is a mapping: write it as {merged[1]}={{<name>: <value>, ...}}."
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(line for line in lines if not line.startswith(("full_key", "object_type")))


def unknown_choice(message: str, arguments: Sequence[str] = ()) -> str:
    """Explains an unknown option of a config group; empty if Hydra's message is another."""
    choice = re.search(r"Could not find '([^']*)'.*?Available options in '([^']+)'", message, re.S)
    if not choice:
        return ""
    group = choice[2]
    while "/" in group and not group.startswith("hydra/"):
        group = group.rpartition("/")[0]  # recipes may be in subfolders
    name = choice[1].removeprefix(f"{group}/")
    folders = config_folders(arguments)
    return f"There is no {group} called {name!r}.{choose_among(group, folders, name)}"


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


def _unknown_key(key: str, arguments: Sequence[str], delete: bool) -> str:
    """Composes the config without the unknown key, to list the keys at its place."""
    overrides = OverridesParser.create().parse_overrides(list(arguments))
    given = zip(arguments, overrides, strict=True)
    others = [argument for argument, override in given if not _sets(override, key)]
    try:
        config = compose("train", others, return_hydra_config=True)
    except (HydraException, OmegaConfBaseException):
        config = compose("train", return_hydra_config=True)
    section, close, listed = known_keys(config, key)
    if not section:
        close = _elsewhere(config, key) or close
    hint = f" Did you mean {close!r}?" if close else ""
    if delete:
        listed = "" if close else f" {listed}"
        return f"There is no key {key!r} to leave out.{hint}{listed}"
    if close:
        return f"Unknown config key {key!r}.{hint}"
    options = choose_among(section, config_folders(arguments))
    if options and not section.startswith("hydra"):
        hint = options.replace("Choose", f"For another choice write {section}=<name>, with", 1)
    own = f" To add a new key on purpose write +{key}=..." if section else ""
    return f"Unknown config key {key!r}.{hint} {listed}{own}"


def _elsewhere(config: DictConfig, name: str) -> str | None:
    """The key that is meant by a name at the top: of the same name in a section, or a synonym."""
    if known := meant(name):
        return known
    sections = ("trainer", "optimizer", "datamodule", "network", "policy", "checkpoint")
    same = [f"{each}.{name}" for each in sections if name in (config.get(each) or {})]
    return same[0] if same else None


def _sets(override: Override, key: str) -> bool:
    """Whether an override sets a key: by its name, or by a mapping that holds it."""
    name = override.key_or_group
    return name == key or (key.startswith(f"{name}.") and isinstance(override.value(), dict))
