"""Refuses networks that would not fit into memory, before any of their layers is built.

Nothing here needs torch, so that the command line refuses such a network at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from softsym.networks.tensor_counts import tensor_counts
from softsym.symmetries.limits import require_memory

PER_LAYER = 1000
"""Modules of a layer take about as much memory as 1000 numbers of float64."""


class Hidden(NamedTuple):
    """The hidden layers of a network, from which its memory follows."""

    width: int
    layers: int
    per_weight: int
    """Numbers kept for each weight, in units of float64: weights, gradients, and Adam's moments."""

    def require_memory(self, network: str, first: int = 1, last: int = 1) -> None:
        """Estimates the network's memory.

        Args:
            network: Name of its class.
            first: Number of inputs; without it the estimate is too small, but never too large.
            last: Number of outputs.

        Raises:
            TooLargeError: If it needs more than half of the machine's memory.
        """
        weights = (first + max(self.layers - 1, 0) * self.width + last) * self.width
        require_memory(
            self.per_weight * weights + PER_LAYER * self.layers,
            f"Training {network} with {self.layers:,} hidden layers of {self.width:,} numbers",
            "Use fewer channels or layers, or types of lower rank.",
        )


def plain(channels: int, hidden_layers: int) -> Hidden:
    """Layers of a plain network."""
    return Hidden(channels, hidden_layers, 2)


def typed(channels: int, hidden_layers: int, dim: int) -> Hidden:
    """Layers of the paper's layout over R^dim, with positions of tensors and a bilinear term."""
    width = sum(count * dim**rank for rank, count in enumerate(tensor_counts(channels, dim)))
    return Hidden(width, hidden_layers, 4)


def attending(width: int, layers: int) -> Hidden:
    """Layers of attention, each with eight matrices of width x width."""
    return Hidden(width, 8 * layers + 1, 2)


def passing(channels: int, layers: int) -> Hidden:
    """Layers of message passing, each with eight matrices of channels x channels."""
    return Hidden(channels, 8 * layers + 1, 2)


HIDDEN: dict[str, Callable[..., Hidden]] = {
    "MLP": plain,
    "SoftEMLP": typed,
    "EMLP": typed,
    "RPP": typed,
    "MixedRPP": typed,
    "AgentTransformer": attending,
    "EGNN": passing,
    "GNN": passing,
}
"""Class of a network -> its hidden layers, from some of its settings and the dimension ``dim``."""
