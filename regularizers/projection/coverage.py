"""Says which part of a network the projection regularizers penalise."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from weakref import WeakSet

from torch import nn

from softsym.regularizers.projection.typed_layers import TypedLayer, unbound_layers

log = logging.getLogger(__name__)

_described: WeakSet[nn.Module] = WeakSet()


def describe_coverage(network: nn.Module, layers: Sequence[TypedLayer]) -> None:
    """Logs once for each network what is bound, and warns of typed layers that are not."""
    if network in _described:
        return
    _described.add(network)
    bound = {id(p): p.numel() for layer in layers for p in layer.module.parameters()}
    sizes = [p.numel() for p in network.parameters()]
    log.info(
        "Projection regularizers penalise %d tensors of %d typed layers, with %.1f%% of the "
        "network's parameters. They leave %d other parameters alone.",
        sum(len(layer.tensors) for layer in layers),
        len(layers),
        100 * sum(bound.values()) / max(sum(sizes), 1),
        len(sizes) - len(bound),
    )
    if left_out := unbound_layers(network, layers):
        log.warning(
            "No projection regularizer measures these layers, which have types but no parameter "
            "called weight: %s.",
            ", ".join(left_out),
        )
