"""The projection-based equivariance regularizer (PER) of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from lightning import LightningModule, Trainer
from torch import Tensor, nn
from typing_extensions import override

from softsym.regularizers.base import Regularizer
from softsym.regularizers.coverage import coverage, describe, require_whole_coverage
from softsym.regularizers.projection.layer_shares import ALL, Share, share_of
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import (
    TypedLayer,
    parameters_of,
    require_typed_layers,
    warn_of_unbound,
)
from softsym.symmetries import Group, shared_blocks
from softsym.symmetries import group as parse_group


class ProjectionRegularizer(Regularizer):
    """Distance of every typed layer from equivariance under one group (Kim et al. 2023, eq. 5).

    The penalty is the sum over layers of 1/2 ||W - P_G W||^2 + 1/2 ||b - P'_G b||^2. All groups
    are computed in one pass over the weights (:meth:`penalties`).

    Where gradients are averaged over n processes (DDP), each process computes n times the penalty
    of its share of the layers. The mean over processes is the penalty, and each process does an
    n-th of the work. Loss, logs and policies take that mean anyway.

    Args:
        group: The candidate symmetry, e.g. ``"O(2)@xy"``.
        strength: Factor of the penalty; 0 watches without training towards the symmetry.
        dim: Dimension of the base space, where the name leaves it open (``O(2)@xy`` in R^2).
        name: Key in config and logs.
        strict: Whether every parameter must be in a typed layer, with no pointwise nonlinearity
            between them; otherwise the log and the report say what is not.
    """

    measures = "half the squared distance of the weights from the nearest that keep the symmetry."

    def __init__(
        self,
        group: str | Group,
        strength: float,
        dim: int | None = None,
        name: str | None = None,
        strict: bool = False,
    ) -> None:
        self.group: Group = parse_group(group, dim)
        super().__init__(strength, name)
        self.strict = strict
        self._network: nn.Module | None = None

    @override
    def bind_for(self, trainer: Trainer, network: nn.Module) -> None:
        """Binds to the network; in DDP training, to this process's share of its layers."""
        self.bind(network, share_of(trainer))

    def bind(self, network: nn.Module, share: Share = ALL) -> None:
        """Collects the typed layers, which must fit the group; computes a share of them."""
        self._layers: Sequence[TypedLayer] = require_typed_layers(network, self.group, self.name)
        self.coverage = coverage(network, parameters_of(self._layers))
        if share.rank == 0:
            describe(network, "Projection regularizers", self.coverage)
            warn_of_unbound(network, self._layers)
        if self.strict:
            require_whole_coverage(self.name, self.coverage)
        for layer in self._layers:
            for _, kind in layer.terms:
                # solves and remembers the bases: one that cannot be solved stops the run here,
                # not in its first step
                shared_blocks([self.group], kind)
        self._network, self._share = network, share
        self._passes: dict[tuple[Group, ...], ProjectionPass] = {}

    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Computes PER of the bound layers; batch and prediction play no part."""
        return self.penalties([self], module, batch, prediction)[0]

    @classmethod
    @override
    def penalties(
        cls, regularizers: Sequence[Self], module: LightningModule, batch: Any, prediction: Tensor
    ) -> list[Tensor]:
        """Computes PER of all groups, bound before, in one pass over the weights."""
        first = regularizers[0]
        if first._network is None:
            raise RuntimeError(
                f"Regularizer {first.name!r} is not bound; call setup or bind first."
            )
        if any(r._network is not first._network for r in regularizers):
            # bound to different networks: there is no common pass
            return super().penalties(regularizers, module, batch, prediction)
        groups = tuple(r.group for r in regularizers)
        # made on first use, when the weights are on the device of the training
        if groups not in first._passes:
            first._passes[groups] = ProjectionPass(first._layers, groups, first._share)
        return list(first._passes[groups].penalties().unbind())

    def __getstate__(self) -> dict[str, Any]:
        """Leaves out the binding, which belongs to a network; ``setup`` makes it again."""
        return {**self.__dict__, "_network": None, "_layers": (), "_passes": {}}
