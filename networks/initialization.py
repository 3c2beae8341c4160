"""Initial weights of typed layers."""

from __future__ import annotations

from collections.abc import Callable
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


def orthogonal(weight: Tensor, kind: Rep, group: Group) -> Tensor:
    """Keeps the random orthogonal weight; ignores the group."""
    return weight


def half_equivariant(weight: Tensor, kind: Rep, group: Group) -> Tensor:
    """Computes 1/2 P_G W + 1/2 W with the given (largest) group G."""
    return 0.5 * (_projected(weight, kind, group) + weight)


def residual(weight: Tensor, kind: Rep, group: Group) -> Tensor:
    """Computes P_G W + 1e-3 W, equivariant up to a remainder as small as a residual path."""
    return _projected(weight, kind, group) + 1e-3 * weight


INITIALIZATIONS: dict[str, Callable[[Tensor, Rep, Group], Tensor]] = {
    "orthogonal": orthogonal,
    "half_equivariant": half_equivariant,
    "residual": residual,
}
"""Each maps an orthogonal weight (size out, size in), its type and a group to a weight."""


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
            _start(module, INITIALIZATIONS[how], group, generator)


def _start(
    layer: Startable,
    change: Callable[[Tensor, Rep, Group], Tensor],
    group: Group,
    generator: torch.Generator,
) -> None:
    like = next(cast(nn.Module, layer).parameters())
    # One generator for all layers, in module order: the seed determines every weight.
    sizes = (layer.rep_out.size(group.dim), layer.rep_in.size(group.dim))
    weight = nn.init.orthogonal_(like.new_empty(sizes), generator=generator)
    bias = like.new_empty(sizes[0]).uniform_(0, sizes[0] ** -0.5, generator=generator)
    layer.start(change(weight, layer.rep_in >> layer.rep_out, group), bias)


def _projected(weight: Tensor, kind: Rep, group: Group) -> Tensor:
    return project(group, kind, weight.reshape(-1)).view_as(weight)
