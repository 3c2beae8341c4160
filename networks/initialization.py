"""Initial weights of typed layers."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from softsym.symmetries import Group, Rep, project


@runtime_checkable
class Startable(Protocol):
    """A typed linear layer that can set its initial values, whatever its parameters are."""

    rep_in: Rep
    rep_out: Rep

    def start(self, weight: Tensor, bias: Tensor) -> None:
        """Sets the initial weight (size out, size in) and bias (size out,)."""


INITIALIZATIONS = {
    "orthogonal": (0.0, 1.0),
    "half_equivariant": (0.5, 0.5),
    # Equivariant up to a remainder as small as a residual path.
    "residual": (1.0, 1e-3),
}
"""Factors of P_G W and of W, which is random orthogonal, in the initial weight."""


def initialize(network: nn.Module, how: str, group: Group, seed: int) -> None:
    """Initialises every typed linear layer of a network, in order.

    Weights derive from a random orthogonal matrix by one of ``INITIALIZATIONS``; biases are uniform
    in [0, 1) / sqrt(out).
    """
    if how not in INITIALIZATIONS:
        raise ValueError(f"init must be one of {', '.join(INITIALIZATIONS)}; got {how!r}.")
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, Startable):
            _start(module, *INITIALIZATIONS[how], group, generator)


def _start(
    layer: Startable, projected: float, free: float, group: Group, generator: torch.Generator
) -> None:
    like = next(cast(nn.Module, layer).parameters())
    # One generator for all layers, in module order: the seed determines every weight.
    sizes = (layer.rep_out.size(group.dim), layer.rep_in.size(group.dim))
    weight = nn.init.orthogonal_(like.new_empty(sizes), generator=generator)
    bias = like.new_empty(sizes[0]).uniform_(0, sizes[0] ** -0.5, generator=generator)
    if projected:
        onto = project(group, layer.rep_in >> layer.rep_out, weight.reshape(-1)).view_as(weight)
        weight = projected * onto + free * weight
    layer.start(weight, bias)
