"""Shares of repetitions with their binomial standard errors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """How many of a number of repetitions had a property."""

    hits: int
    count: int

    @property
    def value(self) -> float:
        """The share."""
        return self.hits / self.count

    @property
    def error(self) -> float:
        """Its binomial standard error, with one hit and one miss added so that it is never 0."""
        p = (self.hits + 1) / (self.count + 2)
        return math.sqrt(p * (1 - p) / self.count)

    def text(self, asked: tuple[float, float] = (0.0, 1.0)) -> str:
        """Share and error, such as ``0.045 (0.015)``; with ``*`` where it is not as asked."""
        mark = "" if asked[0] <= self.value <= asked[1] else "*"
        return f"{self.value:.3f}{mark} ({self.error:.3f})"


def shares(rows: Sequence[Mapping[str, bool]]) -> dict[str, Share]:
    """Counts each property over repetitions that name the same ones."""
    return {name: Share(sum(row[name] for row in rows), len(rows)) for name in rows[0]}
