"""``symmetries=[O(2)@xy,O(2)@yz]``: one regularizer for each named group, without a yaml."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from softsym.cli.choices import CONF
from softsym.cli.plugin_configs import plugin_config, plugin_names
from softsym.runs.errors import UserError

KINDS = ("function", "projection", "lie")
"""Files of conf/regularizer/ that ``symmetry_kind`` may name, beside those of other packages."""


def add_named_symmetries(config: DictConfig) -> None:
    """Adds a regularizer to the config for each group under ``symmetries``.

    Args:
        config: The composed config, which is changed. Its ``symmetries`` are a list of groups, each
            named by itself, or a mapping from names to groups.

    Raises:
        UserError: If the kind is unknown, or a name is taken.
    """
    named = named_groups(config)
    if not named:
        return
    kind = _kind(str(config.symmetry_kind))
    with open_dict(config):
        for name, group in named.items():
            if name in config.regularizers and "group" not in config.regularizers[name]:
                raise UserError(f"symmetries: the name {name!r} is that of another regularizer.")
            config.regularizers[name] = OmegaConf.merge(kind, {"group": group})


def require_kind(kind: str) -> None:
    """Raises a UserError unless a kind of regularizer is known."""
    known = [*KINDS, *plugin_names("regularizer")]
    if kind not in known:
        raise UserError(f"symmetry_kind must be one of {', '.join(known)}; got {kind}.")


def _kind(kind: str) -> Any:
    """The config of a kind of regularizer."""
    require_kind(kind)
    if kind in KINDS:
        return OmegaConf.load(CONF / "regularizer" / f"{kind}.yaml")
    return plugin_config("regularizer", kind)


def named_groups(config: DictConfig) -> dict[str, str]:
    """The groups under ``symmetries`` by name.

    Raises:
        UserError: If they are neither a list nor a mapping of names, or one is listed twice.
    """
    given = OmegaConf.to_container(config, resolve=False)
    given = given["symmetries"] or [] if isinstance(given, dict) else []
    if isinstance(given, dict):
        return {str(name): str(group) for name, group in given.items()}
    if not isinstance(given, list) or not all(isinstance(group, str) for group in given):
        raise UserError(
            "symmetries must be a list of groups, as in 'symmetries=[O(2)@xy,SO(3)]', or a mapping "
            f"of names to groups; got {given!r}."
        )
    # a key of a config, and a part of the names of metrics
    named = {"".join(group.replace(",", "-").split()): group for group in given}
    if len(named) < len(given):
        raise UserError(f"symmetries: a group is listed twice in {given}.")
    return named
