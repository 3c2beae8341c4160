"""Which candidates leave a typed network nothing to say: kept exactly, it would be constant.

Weights that are equivariant are a smaller class than functions that are. Under ``Scaling(3)`` with
vectors in and a scalar out, say, every feature of such a network is a polynomial in the input whose
degree its type fixes, and a scalar has degree 0. Weights have to break the symmetry to fit
anything, whether the data keep it or not, so that its strength says nothing of the data.
"""

from __future__ import annotations

from functools import cache

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from softsym.networks import EMLP
from softsym.symmetries import group as parse_group

SAMPLES = 64
DRAWS = 3
SAME = 1e-9
"""Of float64 outputs, against their size: far below what any input changes otherwise."""


def is_constant(group: str, config: DictConfig) -> bool:
    """Whether typed networks with random weights that keep the group do not depend on the input.

    Args:
        group: The candidate.
        config: A run's config, with the data and the network's size.
    """
    sizes = (str(config.largest_group), int(config.channels), int(config.hidden_layers))
    return _is_constant(group, *sizes, OmegaConf.to_yaml(config.datamodule, resolve=True))


@cache
def _is_constant(group: str, largest: str, channels: int, layers: int, data: str) -> bool:
    datamodule = instantiate(OmegaConf.create(data))
    datamodule.prepare_data()
    datamodule.setup()
    inputs = datamodule.splits["test"][0][:SAMPLES].double()
    types = datamodule.rep_in, datamodule.rep_out
    if parse_group(largest).is_orthogonal and not parse_group(group, datamodule.dim).is_orthogonal:
        largest = group  # a layout without dual types cannot hold it; its own can
    networks = (EMLP(*types, group, largest, channels, layers, seed=n) for n in range(DRAWS))
    return all(_relative_spread(network, inputs) < SAME for network in networks)


@torch.no_grad()
def _relative_spread(network: EMLP, inputs: torch.Tensor) -> float:
    """Largest standard deviation of an output over the inputs, against the outputs' size."""
    outputs = network.double()(inputs)
    return float(outputs.std(0).max() / outputs.abs().max().clamp(min=1e-300))
