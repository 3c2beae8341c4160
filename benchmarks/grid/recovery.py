"""Does the order of the strengths agree with which symmetries the data are known to have?

For each pair of candidates of which one is known to hold more exactly than the other (exact before
approximate before broken), the strengths agree if the first is the larger. The score is the share
of pairs that agree, over all seeds; equal strengths agree with no order. Left out are pairs with a
group that only a constant network keeps (:mod:`benchmarks.grid.expressive`): weights have to leave
it to learn anything, whether data keep it or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from benchmarks.grid.plan import DIALS, TASKS
from benchmarks.grid.results import PENALTY, TRUE_ERROR, Summary

RANK = {"exact": 0, "approximate": 1, "broken": 2}


@dataclass(frozen=True)
class Recovery:
    """The order of the strengths of one task and model against the truth.

    Attributes:
        summary: Task, model and seeds.
        truth: Candidate -> exact, approximate or broken.
        agreeing: Pairs of the right order, over all seeds.
        pairs: Pairs that have an order, over all seeds.
        wrong: Pairs (first, second) that came out in the wrong order in some seed.
        left_out: Groups that only a constant network keeps; pairs with them are not counted.
    """

    summary: Summary
    truth: Mapping[str, str]
    agreeing: int
    pairs: int
    wrong: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Share of pairs of the right order; NaN where there is no order to find."""
        return self.agreeing / self.pairs if self.pairs else math.nan


def recovery(summary: Summary) -> Recovery | None:
    """The recovery of a task by a model with strengths; None for a model without any."""
    strengths = summary.strengths()
    groups = summary.recipe.candidates
    truth = {
        n: summary.recipe.truth[groups[n]] for n in strengths if groups[n] in summary.recipe.truth
    }
    if not truth:
        return None
    agreeing = pairs = 0
    constant = summary.recipe.constant
    wrong = []
    for first, second in permutations(truth, 2):
        if RANK[truth[first]] >= RANK[truth[second]]:
            continue
        if groups[first] in constant or groups[second] in constant:
            continue
        seeds = list(zip(strengths[first], strengths[second], strict=True))
        right = sum(a > b for a, b in seeds)
        agreeing, pairs = agreeing + right, pairs + len(seeds)
        if right < len(seeds):
            wrong.append((first, second))
    return Recovery(summary, truth, agreeing, pairs, tuple(wrong), constant)


@dataclass(frozen=True)
class DialPoint:
    """One setting of one dial: its level, and what the run made of that symmetry.

    Attributes:
        dial: The symmetry that is broken by degree.
        level: 0 keeps it exactly, 1 breaks it as much as the data vary.
        share: Its strength over the largest, by seed.
        penalty: Its penalty when strengths were still equal, by seed; empty of unadjusted runs.
        true_error: Equivariance error of the true function.
    """

    dial: str
    level: float
    share: tuple[float, ...]
    penalty: tuple[float, ...]
    true_error: float


def dial_points(summaries: Sequence[Summary], model: str) -> list[DialPoint]:
    """Every known-answer run of one model, the untouched setting once for each dial."""
    points = []
    for summary in summaries:
        task = TASKS[summary.recipe.task]
        if task.family != "known_answer" or summary.recipe.model != model or not summary.seeds:
            continue
        levels = {key: float(value) for key, value in task.data}
        turned = [dial for dial in DIALS if levels[dial]]
        for dial in (d for d in turned or DIALS if d in summary.strengths()):
            share = _shares(summary, dial)
            penalty = summary.values.get(PENALTY + dial, ())
            true_error = summary.mean(TRUE_ERROR + dial)
            points.append(DialPoint(dial, levels[dial], share, penalty, true_error))
    return sorted(points, key=lambda point: (point.dial, point.level))


def _shares(summary: Summary, name: str) -> tuple[float, ...]:
    columns = summary.strengths()
    tops = [max(values) for values in zip(*columns.values(), strict=True)]
    return tuple(value / top for value, top in zip(columns[name], tops, strict=True))
