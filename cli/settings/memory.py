"""Refuses networks that would not fit into memory, without loading torch or building them."""

from __future__ import annotations

import inspect

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from softsym.networks.memory import HIDDEN
from softsym.runs.errors import UserError

SECTIONS = ("network", "network.network")
"""Keys of networks: the configured one, and the one within it that is averaged over frames."""


def check_memory(config: DictConfig) -> None:
    """Estimates the memory of the configured network by its hidden layers.

    In the run the network does so itself, with the numbers of its inputs and outputs.

    Args:
        config: The composed config, whose settings are of the right types.

    Raises:
        UserError: If the network needs more than half of the machine's memory.
    """
    for section in SECTIONS:
        name = str(_value(config, f"{section}._target_")).rpartition("softsym.networks.")[2]
        if name not in HIDDEN:
            continue
        names = inspect.signature(HIDDEN[name]).parameters
        values = [_value(config, n if n == "dim" else f"{section}.{n}") for n in names]
        if not all(isinstance(value, int) for value in values):
            continue
        try:
            HIDDEN[name](*values).require_memory(name)
        except ValueError as error:
            raise UserError(f"{section}: {error}") from None


def _value(config: DictConfig, key: str) -> object:
    try:
        return OmegaConf.select(config, key)
    except OmegaConfBaseException:
        return None  # only the run can compute it
