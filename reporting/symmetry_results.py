"""Results of one candidate symmetry, and how results are named and ordered."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SymmetryResult:
    """Strength, penalty and equivariance error of the model at a run's end, for one symmetry."""

    name: str  # key of the regularizer in the config, such as "xy"
    group: str  # name of the group, such as "O(2)@xy"
    strength: float  # 0 if the symmetry was only watched
    penalty: float  # in the units of the regularizer
    model_error: float | None = None  # on test inputs, relative to the spread of its predictions

    @property
    def watched(self) -> bool:
        """Whether the symmetry took no part in the training."""
        return self.strength == 0


def labels(results: Sequence[SymmetryResult]) -> dict[str, str]:
    """Name -> group for readers, with the name where two results share a group."""
    count = Counter(result.group for result in results)
    return {r.name: r.group if count[r.group] == 1 else f"{r.group} ({r.name})" for r in results}


def strongest_first(results: Sequence[SymmetryResult]) -> list[SymmetryResult]:
    """Orders results by falling strength; strengths that are not finite come last."""
    return sorted(results, key=lambda r: -r.strength if math.isfinite(r.strength) else math.inf)
