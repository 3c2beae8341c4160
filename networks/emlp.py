"""The hard-constrained network, exactly equivariant under one group."""

from __future__ import annotations

from typing_extensions import override

from softsym.networks.projected_linear import ProjectedLinear
from softsym.networks.typed_mlp import TypedMLP
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group


class EMLP(TypedMLP):
    """Equivariant MLP: every linear layer is projected, W = P_G w (Finzi et al. 2021).

    With the true group of the data it is the oracle to which soft networks are compared. Its gates
    have no symmetry-breaking term (arXiv 2104.09459).

    Takes the arguments of :class:`~softsym.networks.typed_mlp.TypedMLP`; ``init`` applies to w
    before projection. ``group`` is G. ``largest_group``, G by default, determines the hidden
    layout, so that networks of different groups can share it; the bilinear term is equivariant only
    if it contains G.

    Raises:
        ValueError: If G is not orthogonal but the largest group is.

    Example:
        >>> import torch
        >>> network, x = EMLP("3T1", "T1", "SO(3)", channels=27), torch.randn(2, 9)
        >>> turn = torch.tensor([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        >>> turned = (x.view(2, 3, 3) @ turn.T).flatten(1)
        >>> torch.allclose(network(turned), network(x) @ turn.T, atol=1e-4)
        True
    """

    soft = False

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        group: str | Group,
        largest_group: str | Group | None = None,
        channels: int = 128,
        hidden_layers: int = 3,
        init: str = "orthogonal",
        init_group: str | Group | None = None,
        seed: int = 0,
    ) -> None:
        largest = parse_group(group if largest_group is None else largest_group)
        self._group = parse_group(group, largest.dim)
        if largest.is_orthogonal and not self._group.is_orthogonal:
            raise ValueError(
                f"EMLP cannot be equivariant under {self._group} in a layout made for {largest}, "
                "which has no dual types. Set largest_group to a group that contains both."
            )
        super().__init__(rep_in, rep_out, largest, channels, hidden_layers, init, init_group, seed)

    @override
    def linear(self, rep_in: Rep, rep_out: Rep) -> ProjectedLinear:
        return ProjectedLinear(rep_in, rep_out, self._group)
