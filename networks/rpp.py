"""Residual pathway priors: an equivariant path, and one that the data may use."""

from __future__ import annotations

from softsym.networks.projected_linear import ResidualLinear
from softsym.networks.typed_mlp import TypedMLP
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group


class RPP(TypedMLP):
    """Residual pathway prior, W = P_G w + v (Finzi et al. 2021, arXiv 2112.01388).

    Trained with 1.0 ||v||^2 + 1e-5 ||w||^2 (:class:`softsym.regularizers.PathRegularizer`).

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        group: The group G of the equivariant path; fixes the hidden layout as well.
        channels: Width that the hidden layout is made from (89 in the paper's comparison).
        hidden_layers: Number of hidden layers.
        init: ``orthogonal``, ``half_equivariant`` or ``residual``: of w.
        init_group: Group of the last two; G by default.
        seed: Seed of all initial weights.

    Shape:
        (batch, rep_in.size(d)) to (batch, rep_out.size(d)).

    Example:
        >>> import torch
        >>> RPP("5T0 + 5T1", "T2", "O(3)", channels=27)(torch.randn(7, 20)).shape
        torch.Size([7, 9])
    """

    soft = True

    def linear(self, rep_in: Rep, rep_out: Rep) -> ResidualLinear:
        """A layer with a free residual path."""
        return ResidualLinear(rep_in, rep_out, self.largest_group)


class MixedRPP(TypedMLP):
    """Residual pathway prior between two groups, W = P_G w + P_H v (Kim et al. 2023, sec. 5).

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        group: The group G of the equivariant path; fixes the hidden layout as well.
        residual_group: The group H that the residual path keeps, one of the candidates.
        channels: Width that the hidden layout is made from.
        hidden_layers: Number of hidden layers.
        init: ``orthogonal``, ``half_equivariant`` or ``residual``: of w.
        init_group: Group of the last two; G by default.
        seed: Seed of all initial weights.

    Shape:
        (batch, rep_in.size(d)) to (batch, rep_out.size(d)).

    Example:
        >>> import torch
        >>> MixedRPP("3T1", "T0", "O(3)", "O(2)@xy", channels=27)(torch.randn(7, 9)).shape
        torch.Size([7, 1])
    """

    soft = True

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        group: str | Group,
        residual_group: str | Group,
        channels: int = 128,
        hidden_layers: int = 3,
        init: str = "orthogonal",
        init_group: str | Group | None = None,
        seed: int = 0,
    ) -> None:
        self._residual_group = parse_group(residual_group, parse_group(group).dim)
        super().__init__(rep_in, rep_out, group, channels, hidden_layers, init, init_group, seed)

    def linear(self, rep_in: Rep, rep_out: Rep) -> ResidualLinear:
        """A layer whose residual path keeps H."""
        return ResidualLinear(rep_in, rep_out, self.largest_group, self._residual_group)
