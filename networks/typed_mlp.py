"""The architecture shared by all typed networks: blocks of typed layers and a typed head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from softsym.networks.bilinear import Bilinear
from softsym.networks.gated import GatedNonlinearity
from softsym.networks.hidden_layout import gates, hidden_layout, homogeneous_entries
from softsym.networks.initialization import initialize
from softsym.networks.memory import typed
from softsym.symmetries import Group, Rep, Scalar, rep
from softsym.symmetries import group as parse_group
from softsym.symmetries.numbers import require_whole

BILINEAR_SCALE = 0.1

MakeLinear = Callable[[Rep, Rep], nn.Module]
"""Makes a typed linear layer from its input and output types."""


class TypedBlock(nn.Module):
    """A typed linear layer plus 0.1 times a bilinear term, followed by gates.

    ``layout``, the type of the output, is a sum of tensors; ``group`` is the largest candidate.
    """

    def __init__(
        self, rep_in: Rep, layout: Rep, group: Group, linear: MakeLinear, soft: bool, seed: int
    ) -> None:
        super().__init__()
        gated = layout + gates(layout, group.dim) * Scalar
        self.linear = linear(rep_in, gated)
        self.bilinear = Bilinear(gated, group, seed)
        kept = homogeneous_entries(layout, group)
        self.gate = GatedNonlinearity(layout, group.dim, soft, kept)

    def forward(self, features: Tensor) -> Tensor:
        """Maps (batch, rep_in) to (batch, layout)."""
        # Bilinear term and gate split the features by type. With the batch last in memory each type
        # is one contiguous piece, so this is the only copy.
        mapped = self.linear(features).T.contiguous().T
        gated: Tensor = self.gate(torch.add(mapped, self.bilinear(mapped), alpha=BILINEAR_SCALE))
        return gated


class TypedMLP(nn.Module, ABC):
    """Blocks of typed layers and a typed linear head.

    A subclass makes the linear layers (:meth:`linear`) and says whether its gates are ``soft``.

    Args:
        rep_in: Type of the input, e.g. ``"5T0 + 5T1"``.
        rep_out: Type of the output.
        group: The largest candidate group. It determines the base space and, if it is not
            orthogonal, how hidden tensors split into T(p, q).
        channels: Width from which the hidden layout is computed.
        hidden_layers: Number of hidden layers.
        init: Initialisation: ``orthogonal``, ``half_equivariant`` or ``residual``.
        init_group: Group of the last two initialisations; the largest by default.
        seed: Seed of all initial weights.

    Shape:
        (batch, rep_in.size(d)) to (batch, rep_out.size(d)).

    Raises:
        ValueError: If a number is below 1, or a type, a group or ``init`` is unknown.
    """

    soft: bool

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        group: str | Group,
        channels: int = 128,
        hidden_layers: int = 3,
        init: str = "orthogonal",
        init_group: str | Group | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        require_whole("hidden_layers", hidden_layers)
        largest = parse_group(group)
        self.rep_in, self.rep_out, self.largest_group = rep(rep_in), rep(rep_out), largest
        layout = hidden_layout(channels, largest)
        first, last = (R.over(largest).size(largest.space) for R in (self.rep_in, self.rep_out))
        hidden = typed(channels, hidden_layers, largest.dim)
        hidden.require_memory(type(self).__name__, first, last)
        types = [self.rep_in] + [layout] * hidden_layers
        blocks = [
            TypedBlock(a, b, largest, self.linear, self.soft, seed + 1 + i)
            for i, (a, b) in enumerate(pairwise(types))
        ]
        self.blocks = nn.Sequential(*blocks)
        self.head = self.linear(layout, self.rep_out)
        initialize(self, init, parse_group(init_group or largest, largest.dim), seed)

    @abstractmethod
    def linear(self, rep_in: Rep, rep_out: Rep) -> nn.Module:
        """Makes a typed linear layer, whose method ``start`` sets its initial values."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Maps (batch, rep_in) to (batch, rep_out)."""
        predicted: Tensor = self.head(self.blocks(inputs))
        return predicted
