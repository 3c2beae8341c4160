"""Configs of the regularizers, policies and datamodules that installed packages add by name.

``policy=mine`` needs no yaml: the config is read off the constructor of the class, once Hydra
composes it and not before.
"""

from __future__ import annotations

import inspect
from typing import Any

from hydra.core.config_store import ConfigNode, ConfigStore
from omegaconf import DictConfig, OmegaConf

from softsym.plugins import load_plugin, plugins

OPTIONS = {"regularizer": "regularizers", "policy": "policies", "datamodule": "datamodules"}
"""Group of configs -> kind of entry point."""
FROM_THE_RUN = {
    "regularizer": {
        "strength": "${initial_strength}",
        "rep_in": "${datamodule.rep_in}",
        "rep_out": "${datamodule.rep_out}",
        "dim": "${dim}",
        "seed": "${child_seed:${seed},elements}",
    },
    "policy": {"epoch": "${adjust_epoch}", "exponent": "${adjust_exponent}"},
    "datamodule": {"seed": "${child_seed:${seed},data}"},
}
"""What arguments of these names take from the run, as in the yamls of the package."""


def register() -> None:
    """Lets Hydra find what is installed; shipped configs of the same names win."""
    repo = ConfigStore.instance().repo
    for group in OPTIONS:
        known = repo.setdefault(group, {})
        for name in plugin_names(group):
            known[f"{name}.yaml"] = _FromClass(group, name)


def plugin_names(group: str) -> list[str]:
    """Options of a group of configs that installed packages add."""
    return list(plugins(OPTIONS[group])) if group in OPTIONS else []


def plugin_config(group: str, name: str) -> DictConfig:
    """The config of a class: its name, and an argument for each of its constructor's.

    Raises:
        PluginError: If the class cannot be imported.
    """
    made = load_plugin(OPTIONS[group], name)
    arguments: dict[str, Any] = {"_target_": f"{made.__module__}.{made.__qualname__}"}
    for key, parameter in inspect.signature(made).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or key == "name":
            continue
        default = "???" if parameter.default is parameter.empty else parameter.default
        given = FROM_THE_RUN[group].get(key, default)
        if isinstance(given, int | float | str | bool | list | tuple | dict | None):
            arguments[key] = given
    return OmegaConf.create(arguments)


class _FromClass(ConfigNode):
    """A config in Hydra's store that is made when it is loaded."""

    def __init__(self, group: str, name: str) -> None:
        self._made: DictConfig | None = None
        self.name, self.group, self.package, self.provider = f"{name}.yaml", group, None, "softsym"

    @property
    def node(self) -> DictConfig:
        """The config, which Hydra copies."""
        if self._made is None:
            return plugin_config(str(self.group), self.name.removesuffix(".yaml"))
        return self._made

    @node.setter
    def node(self, made: DictConfig) -> None:
        self._made = made
