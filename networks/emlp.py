"""The hard-constrained network, exactly equivariant under one group."""

from __future__ import annotations

import logging

from typing_extensions import override

from softsym.networks.expressivity import sufficient_rank
from softsym.networks.projected_linear import ProjectedLinear
from softsym.networks.tensor_counts import tensor_counts
from softsym.networks.typed_mlp import TypedMLP
from softsym.symmetries import Group, Rep
from softsym.symmetries import group as parse_group

log = logging.getLogger(__name__)


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
        self._warn_if_narrow(channels, hidden_layers)

    def _warn_if_narrow(self, channels: int, hidden_layers: int) -> None:
        dim, rank = self._group.dim, len(tensor_counts(channels, self._group.dim)) - 1
        enough = sufficient_rank(self.rep_in, self.rep_out, self._group, rank, hidden_layers)
        if enough is not None:
            log.warning(
                "EMLP with channels=%d has hidden tensors up to rank %d, so that it cannot give "
                "every %s that %s allows for inputs of type %s. Use channels=%d or more.",
                *(channels, rank, self.rep_out, self._group, self.rep_in),
                (enough + 1) * dim**enough,
            )

    @override
    def linear(self, rep_in: Rep, rep_out: Rep) -> ProjectedLinear:
        return ProjectedLinear(rep_in, rep_out, self._group)
