"""Strengths that grow before they are adjusted, so that a network learns before it is bound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from softsym.regularizers.policies.adjust_once import SMALLEST_PENALTY, AdjustOnce


class GrowThenAdjust(AdjustOnce):
    """Multiplies all strengths by a constant factor each epoch up to T, then adjusts them once.

    Strong from the start, the penalties take away the weights that a symmetry is broken with, and
    what should use them is not found again; weak all along, they leave a symmetry that holds as
    broken as one that does not. Growing, they drive out of a network that fits the data what it
    can do without. After T epochs strengths have grown by ``growth``, and :class:`AdjustOnce`
    takes over with what the penalties have come to. A model may be kept as the best from then on.

    Groups forbid different numbers of directions: a random weight leaves ``SO(3)`` further than
    ``Reflect(3)``. With ``relative`` the adjustment therefore goes by penalties over those of the
    first epoch, which from a random start are roughly in proportion to these numbers: by the share
    of what a group forbids that is still in use.

    Args:
        epoch: T, number of epochs of growth, after which strengths are adjusted.
        exponent: p, how sharply a larger penalty lowers the strength.
        growth: Factor by which strengths are larger after T epochs, before the adjustment.
        relative: Whether penalties are taken over those of the first epoch.
        window: Number of epochs before T that are watched.

    Raises:
        ValueError: If T or the window is below 1, p is negative, or the growth is no finite number
            above 0.
    """

    def __init__(
        self,
        epoch: int,
        exponent: float,
        growth: float,
        relative: bool = True,
        window: int = 50,
    ) -> None:
        super().__init__(epoch, exponent, window)
        if not 0 < growth < math.inf:
            raise ValueError(f"growth must be a finite number above 0; got {growth!r}.")
        self.growth, self.relative = growth, relative
        self._first: dict[str, float] = {}

    @property
    def settled_epoch(self) -> int:
        """T: by then strengths were at their largest, and the network has met the penalties."""
        return self.epoch

    def update(  # noqa: D102
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
        """What the adjustment goes by."""
        if not self.relative:
            return dict(penalties)
        return {n: p / max(self._first[n], SMALLEST_PENALTY) for n, p in penalties.items()}

    def state_dict(self) -> dict[str, Any]:
        """What the adjustment keeps, and the penalties of the first epoch."""
        return super().state_dict() | {"_first": dict(self._first)}
