"""Strengths that grow before they are adjusted, so that the network can learn first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from softsym.regularizers.policies.adjust_once import SMALLEST_PENALTY, AdjustOnce
from softsym.symmetries.numbers import require_number


class GrowThenAdjust(AdjustOnce):
    """Multiplies all strengths by a constant factor each epoch up to T, then adjusts them once.

    Penalties that are strong from the start remove the weights that break a symmetry, and a network
    that needs them does not recover them. Penalties that are always weak leave a symmetry that
    holds as broken as one that does not. Growing penalties remove from a network that fits the data
    whatever it can do without. After T epochs, strengths have grown by the factor ``growth``, and
    :class:`AdjustOnce` adjusts them by the penalties reached. A model may be kept as the best from
    then on.

    Groups forbid different numbers of directions: a random weight is further from ``SO(3)`` than
    from ``Reflect(3)``. With ``relative``, the adjustment therefore compares penalties divided by
    those of the first epoch. From a random start these are roughly proportional to the numbers of
    forbidden directions, so that the quotient is the share of them still in use.

    Args:
        epoch: T, number of epochs of growth, after which strengths are adjusted.
        exponent: p, how sharply a larger penalty lowers the strength.
        growth: Factor by which strengths have grown after T epochs, before the adjustment.
        relative: Whether penalties are divided by those of the first epoch.
        window: Number of epochs before T whose penalties count.

    Raises:
        ValueError: If T or the window is below 1, p is negative, or the growth is not a finite
            number above 0.
    """

    def __init__(
        self, epoch: int, exponent: float, growth: float, relative: bool = True, window: int = 50
    ) -> None:
        super().__init__(epoch, exponent, window)
        self.growth, self.relative = require_number("growth", growth, above=True), relative
        self._first: dict[str, float] = {}

    @property
    def settled_epoch(self) -> int:
        """T: strengths were at their largest, so that the network has met the penalties."""
        return self.epoch

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        self._first = self._first or dict(penalties)
        compared = self._compared(penalties)
        if epochs > self.epoch:
            return super().update(epochs, compared, strengths)
        factor = self.growth ** (1 / self.epoch)
        grown = {name: strength * factor for name, strength in strengths.items()}
        return super().update(epochs, compared, grown)

    def _compared(self, penalties: Mapping[str, float]) -> dict[str, float]:
        """Returns the numbers that the adjustment compares."""
        if not self.relative:
            return dict(penalties)
        return {n: p / max(self._first[n], SMALLEST_PENALTY) for n, p in penalties.items()}

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the adjustment, and the penalties of the first epoch."""
        return super().state_dict() | {"_first": dict(self._first)}
