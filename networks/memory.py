"""Refuses networks that would not fit into memory, before any of their layers is built."""

from __future__ import annotations

from softsym.symmetries.limits import require_memory

PER_LAYER = 1000
"""Modules of a layer take about as much memory as 1000 numbers of float64."""


def require_weights(network: object, widths: tuple[int, int, int], layers: int, per: int) -> None:
    """Estimates a network's memory: weights, their gradients and Adam's two moments, in float32.

    Args:
        network: The network, whose class the error names.
        widths: Number of inputs, of numbers in a hidden layer, and of outputs.
        layers: Number of hidden layers.
        per: Numbers that are kept for each weight of a linear map, in units of float64.

    Raises:
        TooLargeError: If they need more than half of the machine's memory.
    """
    first, hidden, last = widths
    weights = first * hidden + max(layers - 1, 0) * hidden**2 + hidden * last
    require_memory(
        per * weights + PER_LAYER * layers,
        f"Training {type(network).__name__} with {layers:,} hidden layers of {hidden:,} numbers",
        "Use fewer channels or layers, or types of lower rank.",
    )
