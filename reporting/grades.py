"""How well a symmetry is kept, as one of five grades, from everything that was measured.

The rule, in the order in which evidence is trusted:

1. *The data.* Their equivariance error is graded by ``KEPT``, ``NEARLY`` and ``PARTLY``. A
   nearest-neighbour estimate e with floor f adds in squares to the breaking, so
   sqrt(e^2 - f^2) is graded, in the range that results if e is off by ``NOISE_SHARE`` * f either
   way. If this range spans at most two grades, it decides. The true function of generated data is
   no such evidence: the verdict must come from what training saw.
2. *The model and the strengths together*, within the range that the data left open. A symmetry
   that was only watched is graded by the model's error, as nothing pressed the model to keep it.
   One that took part is graded by the model's error only if its strength does not contradict it,
   because a pressed model complies for a while even where the data do not.
3. *The strengths alone*, where no model error is known. They arise as
   lambda_G <- lambda_G / (PER_G / min PER)^p from equal ones, so only their ratios carry
   information: equal strengths, strengths set by hand and a lone strength say nothing at all.
   Broken needs a second sign, a penalty well above the smallest.

Contradictory or missing evidence gives ``UNDECIDED``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import IntEnum

from softsym.reporting.number_format import known
from softsym.reporting.symmetry_results import SymmetryResult

# The relative error is 0 for a kept symmetry and near 0.7 for unrelated outputs. A trained network
# or float noise stays under 1%; 5% is within what other errors of a model hide; beyond 20% a
# model that keeps the symmetry would plainly be wrong.
KEPT, NEARLY, PARTLY = 0.01, 0.05, 0.2

# Repeated draws of a nearest-neighbour estimate scatter by a few percent of its value, and moved
# inputs are a little further from their neighbours than the inputs themselves.
NOISE_SHARE = 0.1

# With the usual exponent 2 these shares of the strongest are penalties 1.4 and 3.2 times the
# smallest: within what a network's initialisation changes, and well beyond it.
SHARE_HIGH, SHARE_LOW = 0.5, 0.1
PENALTY_APART = 3.0

# Strengths closer than this relative difference are equal: nothing has adjusted them.
EQUAL = 1e-3


class Grade(IntEnum):
    """How well a symmetry is kept, best first; ``UNDECIDED`` is outside of this order."""

    KEPT = 0
    NEARLY = 1
    PARTLY = 2
    BROKEN = 3
    UNDECIDED = 4


Range = tuple[Grade, Grade]
"""The best and the worst grade that the evidence allows."""
ANY: Range = (Grade.KEPT, Grade.BROKEN)


def grade(
    result: SymmetryResult, results: Sequence[SymmetryResult], *, adjusted: bool = True
) -> Grade:
    """Grade of one symmetry among all ``results`` of a run, by the rule at the top of this file.

    ``adjusted`` tells whether a policy tuned the strengths.
    """
    decided = decided_by_data(result)
    if decided is not None:
        return decided
    _, (best, worst) = _data_range(result)
    fallback = _by_model_and_strengths(result, results, adjusted)
    if fallback is None or not best <= fallback <= worst:
        return Grade.UNDECIDED
    return fallback


def error_grade(error: float | None) -> Grade | None:
    """Grade of a relative equivariance error, None if it is not known."""
    return _graded(error) if known(error) else None


def decided_by_data(result: SymmetryResult) -> Grade | None:
    """Grade from the error of the data alone, None if it is unknown or leaves too much open."""
    likely, (best, worst) = _data_range(result)
    return likely if worst - best <= 1 else None


def strengths_tell(results: Sequence[SymmetryResult], adjusted: bool = True) -> bool:
    """Whether the ratios between strengths carry information: a policy made them unequal."""
    taking_part = [r.strength for r in results if known(r.strength) and r.strength > 0]
    if len(taking_part) < 2 or not adjusted:
        return False
    return max(taking_part) > (1 + EQUAL) * min(taking_part)


def relative_penalty(result: SymmetryResult, results: Sequence[SymmetryResult]) -> float | None:
    """Penalty over the smallest penalty among the symmetries that took part, None if unknown."""
    penalties = [r.penalty for r in results if not r.watched and known(r.penalty) and r.penalty > 0]
    if not penalties or not known(result.penalty):
        return None
    return result.penalty / min(penalties)


def _graded(error: float) -> Grade:
    return Grade(sum(error > bound for bound in (KEPT, NEARLY, PARTLY)))


def _data_range(result: SymmetryResult) -> tuple[Grade | None, Range]:
    """Likely grade and range of grades from the error of the data; (None, ANY) if unknown."""
    error, floor = result.data_error, result.data_floor
    if not known(error):
        return None, ANY
    floor = floor if known(floor) else 0.0
    best, likely, worst = (
        # value * |value| keeps the sign of an estimate below the floor
        _graded(math.sqrt(max(value * abs(value) - floor**2, 0.0)))
        for value in (error - NOISE_SHARE * floor, error, error + NOISE_SHARE * floor)
    )
    return likely, (best, worst)


def _strength_range(
    result: SymmetryResult, results: Sequence[SymmetryResult]
) -> tuple[Grade | None, Range]:
    """Likely grade and range of grades from the share of the strongest strength."""
    shares = [r.strength for r in results if known(r.strength) and r.strength > 0]
    share = result.strength / max(shares)
    if share >= SHARE_HIGH:
        # The strongest is only the best of the candidates, which may all be bad; it stands out
        # only beside a weak one.
        stands_out = min(shares) / max(shares) < SHARE_LOW
        return Grade.NEARLY if stands_out else None, (Grade.KEPT, Grade.PARTLY)
    if share >= SHARE_LOW:
        return Grade.PARTLY, (Grade.NEARLY, Grade.BROKEN)
    apart = (relative_penalty(result, results) or 0.0) >= PENALTY_APART
    return Grade.BROKEN if apart else Grade.PARTLY, (Grade.PARTLY, Grade.BROKEN)


def _by_model_and_strengths(
    result: SymmetryResult, results: Sequence[SymmetryResult], adjusted: bool
) -> Grade | None:
    """Grade from the model's error and the strengths, None if they do not tell."""
    model = error_grade(result.model_error)
    if result.watched:
        return model
    if not known(result.strength) or not strengths_tell(results, adjusted):
        return None
    likely, (best, worst) = _strength_range(result, results)
    if model is None:
        return likely
    return model if best <= model <= worst else None
