"""The soft network of the paper: the shape of an equivariant MLP, with free weights."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from networks.bilinear import Bilinear
from networks.gated import GatedNonlinearity
from networks.initialization import initialize
from networks.layout import gates, hidden_layout
from networks.typed_linear import TypedLinear
from symmetries import Group, Rep, Scalar, rep
from symmetries import group as parse_group

BILINEAR_SCALE = 0.1


class SoftBlock(nn.Module):
    """Typed linear layer, plus 0.1 times a bilinear term, then gates.

    Args:
        rep_in: Type of the input.
        layout: Type of the output, a sum of tensors.
        group: The largest candidate group.
        seed: Seed of the bilinear term.
    """

    def __init__(self, rep_in: Rep, layout: Rep, group: Group, seed: int) -> None:
        super().__init__()
        dim = group.dim
        gated = layout + gates(layout, dim) * Scalar
        self.linear = TypedLinear(rep_in, gated, dim)
        self.bilinear = Bilinear(gated, group, seed)
        self.gate = GatedNonlinearity(layout, dim)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, rep_in) to (batch, layout)."""
        mapped = self.linear(features)
        return self.gate(mapped + BILINEAR_SCALE * self.bilinear(mapped))


class SoftEMLP(nn.Module):
    """MLP with typed layers whose weights are free; regularizers pull them towards symmetry.

    Kim et al. 2023 (arXiv 2306.00356), sec. 4: every layer is a typed linear map, so that one
    regularizer for each candidate symmetry can measure how far its weight is from equivariant.

    Args:
        rep_in: Type of the input, e.g. ``"5T0 + 5T1"``.
        rep_out: Type of the output.
        group: The largest candidate group: it fixes the base space and, where it is not
            orthogonal, how hidden tensors split into T(p, q).
        channels: Width that the hidden layout is made from.
        hidden_layers: Number of hidden layers.
        init: ``orthogonal`` or ``half_equivariant``.
        seed: Seed of all initial weights.

    Shape:
        (batch, rep_in.size(d)) to (batch, rep_out.size(d)).

    Example:
        >>> import torch
        >>> SoftEMLP("5T0 + 5T1", "T2", "O(3)")(torch.randn(7, 20)).shape
        torch.Size([7, 9])
    """

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        group: str | Group,
        channels: int = 128,
        hidden_layers: int = 3,
        init: str = "orthogonal",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if hidden_layers < 1:
            raise ValueError(f"hidden_layers must be at least 1; got {hidden_layers}.")
        self.rep_in, self.rep_out, self.group = rep(rep_in), rep(rep_out), parse_group(group)
        layout = hidden_layout(channels, self.group)
        types = [self.rep_in] + [layout] * hidden_layers
        blocks = [
            SoftBlock(a, b, self.group, seed + 1 + i) for i, (a, b) in enumerate(pairwise(types))
        ]
        self.blocks = nn.Sequential(*blocks)
        self.head = TypedLinear(layout, self.rep_out, self.group.dim)
        initialize(self, init, self.group, seed)

    def forward(self, inputs: Tensor) -> Tensor:
        """Predicts."""
        return self.head(self.blocks(inputs))
