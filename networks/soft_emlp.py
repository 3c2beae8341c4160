"""The soft network of the paper: the shape of an equivariant MLP, with free weights."""

from __future__ import annotations

from typing_extensions import override

from softsym.networks.typed_linear import TypedLinear
from softsym.networks.typed_mlp import TypedMLP
from softsym.symmetries import Rep


class SoftEMLP(TypedMLP):
    """MLP of typed layers with free weights, which regularizers pull towards symmetry.

    Every layer is a typed linear map, so one regularizer per candidate symmetry can measure how
    far its weight is from equivariant (Kim et al. 2023, arXiv 2306.00356, sec. 4). Takes the
    arguments of :class:`~softsym.networks.typed_mlp.TypedMLP`.

    Example:
        >>> import torch
        >>> SoftEMLP("5T0 + 5T1", "T2", "O(3)")(torch.randn(7, 20)).shape
        torch.Size([7, 9])
    """

    soft = True

    @override
    def linear(self, rep_in: Rep, rep_out: Rep) -> TypedLinear:
        return TypedLinear(rep_in, rep_out, self.largest_group.dim)
