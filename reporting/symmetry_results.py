"""Results of one candidate symmetry, and how results are named and ordered."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SymmetryResult:
    """Strength, penalty and errors of one candidate symmetry at the end of a run.

    Attributes:
        name: Key of the regularizer in the config, such as ``"xy"``.
        group: Name of the group, such as ``"O(2)@xy"``.
        strength: Final strength; 0 if the symmetry was only watched.
        penalty: Final penalty, in the units of the regularizer.
        model_error: Relative equivariance error of the trained model on test inputs, 0 to 1.
        data_error: A nearest-neighbour estimate of the same for the data, from samples alone.
        data_floor: Value of that estimate for the identity: pure noise.
        truth_error: The same for the function that generated the data. It is shown, but no ground
            of the verdict, which must come from what training saw.
    """

    name: str
    group: str
    strength: float
    penalty: float
    model_error: float | None = None
    data_error: float | None = None
    data_floor: float | None = None
    truth_error: float | None = None

    @property
    def reference_error(self) -> float | None:
        """The error to show beside the model's: that of the data, else of the true function."""
        return self.truth_error if self.data_error is None else self.data_error

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
