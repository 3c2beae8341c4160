"""Typed linear layers whose weight is made by projections: hard-constrained, or with a residual."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from softsym.symmetries import Group, Projector, Rep

RESIDUAL_SCALE = 1e-3
"""A residual path starts at this multiple of the equivariant one (Finzi et al. 2021)."""


class _Path(nn.Module):
    """One summand P w of a weight and P' b of a bias; without a group w and b themselves.

    Regularizers find it by its ``role``, ``equivariant`` or ``residual``.
    """

    def __init__(self, role: str, rep_in: Rep, rep_out: Rep, dim: int, group: Group | None) -> None:
        super().__init__()
        self.role = role
        shape = rep_out.size(dim), rep_in.size(dim)
        self.weight = nn.Parameter(torch.zeros(shape))
        self.bias = nn.Parameter(torch.zeros(shape[0]))
        self._onto_maps = None if group is None else Projector(group, rep_in >> rep_out)
        self._onto_vectors = None if group is None else Projector(group, rep_out)

    def made(self) -> tuple[Tensor, Tensor]:
        """Weight (size out, size in) and bias (size out,) of this path."""
        if self._onto_maps is None or self._onto_vectors is None:
            return self.weight, self.bias
        weight = self._onto_maps(self.weight.reshape(-1)).view_as(self.weight)
        return weight, self._onto_vectors(self.bias)


class ProjectedLinear(nn.Module):
    """A linear map that is exactly equivariant: W = P_G w, b = P'_G b (Finzi et al. 2021, EMLP).

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        group: The group G.

    Shape:
        (..., rep_in.size(d)) to (..., rep_out.size(d)).

    Raises:
        ValueError: If a basis of the group cannot be found.
    """

    def __init__(self, rep_in: Rep, rep_out: Rep, group: Group) -> None:
        super().__init__()
        self.rep_in, self.rep_out, self.group = rep_in, rep_out, group
        self.equivariant = _Path("equivariant", rep_in, rep_out, group.dim, group)

    @property
    def weight(self) -> Tensor:
        """The matrix that is applied, (size out, size in)."""
        return self.equivariant.made()[0]

    @property
    def bias(self) -> Tensor:
        """The vector that is added, (size out,)."""
        return self.equivariant.made()[1]

    def forward(self, features: Tensor) -> Tensor:
        """Applies the projected weight."""
        return F.linear(features, *self.equivariant.made())

    @torch.no_grad()
    def start(self, weight: Tensor, bias: Tensor) -> None:
        """Takes initial values of w and b, before projection."""
        self.equivariant.weight.copy_(weight)
        self.equivariant.bias.copy_(bias)

    def extra_repr(self) -> str:
        """Types and group."""
        return f"{self.rep_in} >> {self.rep_out}, {self.group}"


class ResidualLinear(nn.Module):
    """An equivariant path plus a residual one: W = P_G w + v (RPP), or P_G w + P_H v.

    The residual path starts at 1e-3 of the equivariant one, v = 1e-3 w; a penalty on its square
    keeps it small unless the data ask for it (Finzi et al. 2021, arXiv 2112.01388, sec. 4).

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
        super().__init__()
        self.rep_in, self.rep_out = rep_in, rep_out
        self.group, self.residual_group = group, residual_group
        self.equivariant = _Path("equivariant", rep_in, rep_out, group.dim, group)
        self.residual = _Path("residual", rep_in, rep_out, group.dim, residual_group)

    def made(self) -> tuple[Tensor, Tensor]:
        """Weight and bias, summed over both paths."""
        paths = zip(self.equivariant.made(), self.residual.made(), strict=True)
        weight, bias = (one + other for one, other in paths)
        return weight, bias

    @property
    def weight(self) -> Tensor:
        """The matrix that is applied, (size out, size in)."""
        return self.made()[0]

    @property
    def bias(self) -> Tensor:
        """The vector that is added, (size out,)."""
        return self.made()[1]

    def forward(self, features: Tensor) -> Tensor:
        """Applies the sum of both paths."""
        return F.linear(features, *self.made())

    @torch.no_grad()
    def start(self, weight: Tensor, bias: Tensor) -> None:
        """Takes initial values of w and b; the residual path starts at 1e-3 of them."""
        for path, scale in ((self.equivariant, 1.0), (self.residual, RESIDUAL_SCALE)):
            path.weight.copy_(scale * weight)
            path.bias.copy_(scale * bias)

    def extra_repr(self) -> str:
        """Types and groups."""
        residual = f", residual {self.residual_group}" if self.residual_group else ""
        return f"{self.rep_in} >> {self.rep_out}, {self.group}{residual}"
