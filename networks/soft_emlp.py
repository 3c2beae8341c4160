"""The soft network of the paper: the shape of an equivariant MLP, with free weights."""

from __future__ import annotations

from softsym.networks.typed_linear import TypedLinear
from softsym.networks.typed_mlp import TypedMLP
from softsym.symmetries import Rep


class SoftEMLP(TypedMLP):
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
        init: ``orthogonal``, ``half_equivariant`` or ``residual``.
        init_group: Group of the last two; the largest by default.
        seed: Seed of all initial weights.

    Shape:
        (batch, rep_in.size(d)) to (batch, rep_out.size(d)).

    Example:
        >>> import torch
        >>> SoftEMLP("5T0 + 5T1", "T2", "O(3)")(torch.randn(7, 20)).shape
        torch.Size([7, 9])
    """

    soft = True

    def linear(self, rep_in: Rep, rep_out: Rep) -> TypedLinear:
        """A layer with a free weight."""
        return TypedLinear(rep_in, rep_out, self.largest_group.dim)
