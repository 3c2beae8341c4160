"""Residual pathway priors: an equivariant path plus one that the data may use."""

from __future__ import annotations

from typing_extensions import override

from softsym.networks.projected_linear import ResidualLinear
from softsym.networks.typed_mlp import TypedMLP
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group


class RPP(TypedMLP):
    """Residual pathway prior, W = P_G w + v (Finzi et al. 2021, arXiv 2112.01388).

    Trained with the penalty 1.0 ||v||^2 + 1e-5 ||w||^2
    (:class:`softsym.regularizers.PathRegularizer`). Takes the arguments of
    :class:`~softsym.networks.typed_mlp.TypedMLP`: ``group`` is the G of the equivariant path,
    ``init`` applies to w, and the paper's comparison uses 89 ``channels``.

    Example:
        >>> import torch
        >>> RPP("5T0 + 5T1", "T2", "O(3)", channels=27)(torch.randn(7, 20)).shape
        torch.Size([7, 9])
    """

    soft = True

    @override
    def linear(self, rep_in: Rep, rep_out: Rep) -> ResidualLinear:
        return ResidualLinear(rep_in, rep_out, self.largest_group)


class MixedRPP(TypedMLP):
    """Residual pathway prior between two groups, W = P_G w + P_H v (Kim et al. 2023, sec. 5).

    Takes the arguments of :class:`RPP` and ``residual_group``, the group H that the residual path
    keeps, one of the candidates.

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
        # Before the base class, whose constructor makes the layers.
        self._residual_group = parse_group(residual_group, parse_group(group).dim)
        super().__init__(rep_in, rep_out, group, channels, hidden_layers, init, init_group, seed)

    @override
    def linear(self, rep_in: Rep, rep_out: Rep) -> ResidualLinear:
        return ResidualLinear(rep_in, rep_out, self.largest_group, self._residual_group)
