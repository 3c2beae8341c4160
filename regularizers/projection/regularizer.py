"""The projection-based equivariance regularizer (PER) of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn

from softsym.regularizers.base import Regularizer, network_of
from softsym.regularizers.projection.layer_shares import ALL, Share, share_of
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import TypedLayer, require_typed_layers
from softsym.symmetries import Group
from softsym.symmetries import group as parse_group


class ProjectionRegularizer(Regularizer):
    """How far every typed layer is from equivariance under one group (Kim et al. 2023, eq. 5).

    Penalty: sum over layers of 1/2 ||W - P_G W||^2 + 1/2 ||b - P'_G b||^2. Those of one network
    are computed together, in one pass over its weights.

    Where gradients are averaged over n processes (DDP), each computes n times the penalty of a
    part of the layers: the mean over processes, which loss, logs and policies take anyway, is the
    penalty, and each does an n-th of the work.

    Args:
        group: The candidate symmetry, e.g. ``"O(2)@xy"``.
        strength: Factor of the penalty; 0 watches without training towards the symmetry.
        dim: Dimension of the base space, where the name leaves it open (``O(2)@xy`` in R^2).
        name: Key in config and logs.
    """

    def __init__(
        self,
        group: str | Group,
        strength: float,
        dim: int | None = None,
        name: str | None = None,
    ) -> None:
        self.group: Group = parse_group(group, dim)
        super().__init__(strength, name)
        self._shared: _SharedPass | None = None
        self._index = 0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Binds all projection regularizers of the module together, once for each network."""
        network = network_of(pl_module)
        share = share_of(trainer)
        if self._shared is None or not self._shared.serves(network, share):
            listed = getattr(pl_module, "regularizers", {})
            peers = [r for r in listed.values() if isinstance(r, ProjectionRegularizer)]
            bind_together(peers if self in peers else [self], network, share)

    def bind(self, network: nn.Module) -> None:
        """Binds this regularizer alone."""
        bind_together([self], network)

    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """PER of the bound layers, under DDP n times that of this process's.

        Batch and prediction play no part.
        """
        if self._shared is None:
            raise RuntimeError(f"Regularizer {self.name!r} is not bound; call setup or bind first.")
        return self._shared.take(self._index)

    def __getstate__(self) -> dict[str, Any]:
        """Without the binding, which belongs to a network and is made again by ``setup``."""
        return {**self.__dict__, "_shared": None}


def bind_together(
    regularizers: Sequence[ProjectionRegularizer], network: nn.Module, share: Share = ALL
) -> None:
    """Gives regularizers one pass over the typed layers of a network.

    Args:
        regularizers: All on the same base space.
        network: The network.
        share: Which part of the layers is this process's.

    Raises:
        ValueError: If the network has no typed layer, or one that does not fit a group.
    """
    for regularizer in regularizers:
        layers = require_typed_layers(network, regularizer.group, regularizer.name)
    shared = _SharedPass(network, layers, [r.group for r in regularizers], share)
    for index, regularizer in enumerate(regularizers):
        regularizer._shared, regularizer._index = shared, index


class _SharedPass:
    """Runs the pass once a step: again only when the weights changed or an answer was taken.

    A change is seen by the weights' version counters, which writing through ``.data`` escapes.
    """

    def __init__(
        self,
        network: nn.Module,
        layers: Sequence[TypedLayer],
        groups: Sequence[Group],
        share: Share,
    ) -> None:
        self.network, self.share = network, share
        self.layers = ProjectionPass(layers, groups, share)
        self.state: list[int] = []
        self.untaken: dict[int, Tensor] = {}

    def serves(self, network: nn.Module, share: Share) -> bool:
        return self.network is network and self.share == share

    def take(self, index: int) -> Tensor:
        # answers made without a graph are of no use to a caller who wants gradients
        state = [int(torch.is_grad_enabled()), *(p._version for p in self.layers.parameters)]
        if index not in self.untaken or state != self.state:
            self.untaken = dict(enumerate(self.layers.penalties().unbind()))
            self.state = state
        return self.untaken.pop(index)
