"""Typed linear layers with projected weights: hard-constrained, or with a residual path."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from typing_extensions import override

from softsym.symmetries import Group, Projector, Rep

RESIDUAL_SCALE = 1e-3
"""Initial size of a residual path relative to the equivariant one (Finzi et al. 2021)."""


class _Path(nn.Module):
    """One summand of a layer: P w of its weight and P' b of its bias, or w and b if unprojected.

    Regularizers recognise a path by its ``role``, ``equivariant`` or ``residual``.
    """

    def __init__(self, role: str, rep_in: Rep, rep_out: Rep, dim: int, group: Group | None) -> None:
        super().__init__()
        self.role = role
        shape = rep_out.size(dim), rep_in.size(dim)
        # Parameters are the unprojected w and b; zeros until the network calls start.
        self.weight = nn.Parameter(torch.zeros(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0]))
        self._onto_maps = None if group is None else Projector(group, rep_in >> rep_out)
        self._onto_vectors = None if group is None else Projector(group, rep_out)

    def projected(self) -> tuple[Tensor, Tensor]:
        """Computes the weight (size out, size in) and bias (size out,) of this path."""
        if self._onto_maps is None or self._onto_vectors is None:
            return self.weight, self.bias
        # vec(W) is row-major, (out, in); the bias is an invariant vector of the output.
        weight = self._onto_maps(self.weight.reshape(-1)).view_as(self.weight)
        return weight, self._onto_vectors(self.bias)


class _SumOfPaths(nn.Module):
    """A typed linear layer that adds up its paths anew in every forward pass."""

    def __init__(self, rep_in: Rep, rep_out: Rep, group: Group) -> None:
        super().__init__()
        self.rep_in, self.rep_out, self.group = rep_in, rep_out, group
        self.equivariant = _Path("equivariant", rep_in, rep_out, group.dim, group)

    @property
    def _scaled_paths(self) -> Sequence[tuple[_Path, float]]:
        """The paths and the factors that scale their initial values."""
        return ((self.equivariant, 1.0),)

    def projected(self) -> tuple[Tensor, Tensor]:
        """Computes weight and bias, summed over the paths."""
        weights, biases = zip(*(path.projected() for path, _ in self._scaled_paths), strict=True)
        return reduce(torch.add, weights), reduce(torch.add, biases)

    @property
    def weight(self) -> Tensor:
        """The applied matrix, (size out, size in)."""
        return self.projected()[0]

    @property
    def bias(self) -> Tensor:
        """The added vector, (size out,)."""
        return self.projected()[1]

    def forward(self, features: Tensor) -> Tensor:
        """Maps (..., size in) to (..., size out)."""
        return F.linear(features, *self.projected())

    @torch.no_grad()
    def start(self, weight: Tensor, bias: Tensor) -> None:
        """Sets the initial values of every path from w and b, before projection."""
        for path, scale in self._scaled_paths:
            path.weight.copy_(scale * weight)
            path.bias.copy_(scale * bias)

    @override
    def extra_repr(self) -> str:
        return f"{self.rep_in} >> {self.rep_out}, {self.group}"


class ProjectedLinear(_SumOfPaths):
    """An exactly equivariant linear map: W = P_G w, b = P'_G b (Finzi et al. 2021, EMLP).

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        group: The group G.

    Shape:
        (..., rep_in.size(d)) to (..., rep_out.size(d)).

    Raises:
        ValueError: If the solver cannot find an equivariant basis of the group.
    """


class ResidualLinear(_SumOfPaths):
    """An equivariant path plus a residual path: W = P_G w + v (RPP), or P_G w + P_H v.

    The residual path starts at v = 1e-3 w; a penalty on its square keeps it small unless the data
    require it (Finzi et al. 2021, arXiv 2112.01388, sec. 4).

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        group: Group G of the equivariant path.
        residual_group: Group H that the residual path keeps; None leaves it free.

    Shape:
        (..., rep_in.size(d)) to (..., rep_out.size(d)).
    """

    def __init__(
        self, rep_in: Rep, rep_out: Rep, group: Group, residual_group: Group | None = None
    ) -> None:
        super().__init__(rep_in, rep_out, group)
        self.residual_group = residual_group
        self.residual = _Path("residual", rep_in, rep_out, group.dim, residual_group)

    @property
    @override
    def _scaled_paths(self) -> Sequence[tuple[_Path, float]]:
        return (self.equivariant, 1.0), (self.residual, RESIDUAL_SCALE)

    @override
    def extra_repr(self) -> str:
        residual = f", residual {self.residual_group}" if self.residual_group else ""
        return f"{super().extra_repr()}{residual}"
