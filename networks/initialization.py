"""How the weights of typed layers start."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from networks.typed_linear import TypedLinear
from symmetries import Group, project


def orthogonal(layer: TypedLinear, group: Group, generator: torch.Generator) -> None:
    """Random orthogonal weight, whatever the group; biases uniform in [0, 1) / sqrt(out)."""
    nn.init.orthogonal_(layer.weight, generator=generator)
    if layer.bias is not None:
        with torch.no_grad():
            layer.bias.uniform_(0, layer.out_features**-0.5, generator=generator)


def half_equivariant(layer: TypedLinear, group: Group, generator: torch.Generator) -> None:
    """Orthogonal, then W <- 1/2 P_G W + 1/2 W with the given (largest) group G."""
    orthogonal(layer, group, generator)
    with torch.no_grad():
        flat = layer.weight.reshape(-1)
        projected = project(group, layer.rep_in >> layer.rep_out, flat)
        layer.weight.copy_((0.5 * (projected + flat)).reshape(layer.weight.shape))


INITIALIZATIONS: dict[str, Callable[[TypedLinear, Group, torch.Generator], None]] = {
    "orthogonal": orthogonal,
    "half_equivariant": half_equivariant,
}


def initialize(network: nn.Module, how: str, group: Group, seed: int) -> None:
    """Starts every typed linear layer of a network.

    Args:
        network: Its :class:`TypedLinear` layers are set, in order.
        how: One of ``orthogonal``, ``half_equivariant``.
        group: The largest candidate group.
        seed: Seed of the weights.

    Raises:
        ValueError: If ``how`` is unknown.
    """
    if how not in INITIALIZATIONS:
        raise ValueError(f"init must be one of {', '.join(INITIALIZATIONS)}; got {how!r}.")
    generator = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, TypedLinear):
            INITIALIZATIONS[how](layer, group, generator)
