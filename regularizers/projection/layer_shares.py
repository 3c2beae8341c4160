"""Which process of a data-parallel training computes the penalties of which layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lightning import Trainer
from lightning.pytorch.strategies import DDPStrategy

from softsym.regularizers.projection.typed_layers import TypedLayer


class Share(NamedTuple):
    """The share of one process: its rank among several equal ones."""

    rank: int
    processes: int


ALL: Share = Share(0, 1)


def share_of(trainer: Trainer | None) -> Share:
    """Returns the share of this process: all, unless gradients are averaged over processes."""
    strategy = trainer.strategy if trainer is not None else None
    if isinstance(strategy, DDPStrategy):
        return Share(strategy.global_rank, strategy.world_size)
    return ALL


def layers_of(layers: Sequence[TypedLayer], share: Share) -> list[TypedLayer]:
    """Picks the layers of one process, so that all processes have about as many weights.

    Every process computes the same division. With more processes than layers some get none.
    """
    load = [0] * share.processes
    mine = []
    # the largest first, each to the process with the least so far: the usual greedy balance
    for layer in sorted(layers, key=lambda layer: -layer.weight.numel()):
        rank = load.index(min(load))
        load[rank] += layer.weight.numel()
        if rank == share.rank:
            mine.append(layer)
    return mine
