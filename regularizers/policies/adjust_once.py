"""The policy of the paper: one adjustment, by the penalties that equal strengths led to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from softsym.regularizers.policies.base import StrengthPolicy
from softsym.symmetries.numbers import require_number, require_whole

SMALLEST_PENALTY = 1e-30
"""Replaces a smallest penalty of zero, to which the others have no ratio."""


class AdjustOnce(StrengthPolicy):
    """After T epochs: strength_G <- strength_G / (PER_G / min_H PER_H)^p (Kim et al. 2023).

    The penalties are the latest vector, over the ``window`` epochs before T, in which any group
    improved on the vector kept before. Symmetries of strength 0 take no part. A model may be kept
    as the best after 2 T epochs.

    The penalties of unlike groups differ whatever the data are. Where candidates are of one kind,
    such as planes of rotation, strengths follow the data; on the cosine similarity tasks, whose
    candidates are ``SO(3)`` and ``Scaling(3)``, they follow the groups instead.

    Strengths may **grow** before, by a constant factor each epoch. Penalties that are strong from
    the start remove the weights that break a symmetry, and a network that needs them does not
    recover them. Penalties that are always weak leave a symmetry that holds as broken as one that
    does not. Growing penalties remove from a network that fits the data whatever it can do without.
    A model may then be kept as the best from T on, when strengths were at their largest.

    Groups forbid different numbers of directions: a random weight is further from ``SO(3)`` than
    from ``Reflect(3)``. **Relative** penalties are divided by those of the first epoch. From a
    random start these are roughly proportional to the numbers of forbidden directions, so that the
    quotient is the share of them still in use.

    Args:
        epoch: T, number of epochs before the adjustment.
        exponent: p, how sharply a larger penalty lowers the strength.
        window: Number of epochs before T whose penalties count.
        growth: Factor by which strengths have grown after T epochs, before the adjustment.
        relative: Whether penalties are divided by those of the first epoch.

    Raises:
        ValueError: If T or the window is no whole number of at least 1, p is negative, or the
            growth is not a finite number above 0.
    """

    def __init__(
        self,
        epoch: int,
        exponent: float,
        window: int = 50,
        growth: float = 1.0,
        relative: bool = False,
    ) -> None:
        self.epoch, self.window = require_whole("epoch", epoch), require_whole("window", window)
        self.exponent = require_number("exponent", exponent)
        self.growth, self.relative = require_number("growth", growth, above=True), relative
        self._first: dict[str, float] = {}
        self._kept: dict[str, float] = {}
        self._done = False

    @property
    def settled_epoch(self) -> int:
        """2 T, or T where strengths grow before."""
        return 2 * self.epoch if self.growth == 1 else self.epoch

    @property
    def adjusted_epoch(self) -> int | None:
        """T after the adjustment, None before."""
        return self.epoch if self._done else None

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        self._first = self._first or dict(penalties)
        if self._done:
            return dict(strengths)
        if epochs <= self.epoch:
            factor = self.growth ** (1 / self.epoch)
            strengths = {name: strength * factor for name, strength in strengths.items()}
        taking_part = {n: self._compared(n, penalties[n]) for n, s in strengths.items() if s > 0}
        if epochs > self.epoch - self.window:
            improved = any(p < self._kept.get(name, p) for name, p in taking_part.items())
            if not self._kept or improved:
                self._kept = taking_part
        if epochs < self.epoch or not taking_part:
            return dict(strengths)
        self._done = True
        smallest = max(min(self._kept.values()), SMALLEST_PENALTY)
        return {
            # by logarithms: the power of a large ratio overflows
            name: strength * math.exp(-self.exponent * self._log_ratio(name, smallest))
            if name in self._kept
            else strength
            for name, strength in strengths.items()
        }

    def _compared(self, name: str, penalty: float) -> float:
        """The number that the adjustment compares."""
        return penalty / max(self._first[name], SMALLEST_PENALTY) if self.relative else penalty

    def _log_ratio(self, name: str, smallest: float) -> float:
        return math.log(max(self._kept[name] / smallest, 1.0))

    def state_dict(self) -> dict[str, Any]:
        """Returns the first and the kept penalties, and whether the adjustment is done."""
        return {"_first": dict(self._first), "_kept": dict(self._kept), "_done": self._done}
