"""Remarks under the table of symmetries: what strengths mean, and where they mislead."""

from __future__ import annotations

import math
from itertools import product

from softsym.reporting.moved_test import unmoved
from softsym.reporting.number_format import listing, number
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import SymmetryResult, labels
from softsym.reporting.verdicts import first_word

WORSE = 3.0
"""Factor over the worst held-out environment from which the test error is remarked on."""


def notes(summary: RunSummary) -> list[str]:
    """The remarks on a run, each a sentence or two; usually none."""
    found = disagreement(summary), prices(summary), unmoved(summary), other_worlds(summary)
    return [note for note in found if note]


def disagreement(summary: RunSummary) -> str:
    """Warns where the training leaned on a symmetry that the data break more than on one they keep.

    Symmetries that were only watched do not count, nor do verdicts that are undecided.
    """
    names = labels(summary.symmetries)
    trained = [r for r in summary.symmetries if not r.watched]
    broken, kept = (_with_verdict(summary, trained, word) for word in ("broken", "holds"))
    wrong = [(b, k) for b, k in product(broken, kept) if b.strength > k.strength]
    if not wrong:
        return ""
    stronger = list(dict.fromkeys(names[b.name] for b, _ in wrong))
    weaker = list(dict.fromkeys(names[k.name] for _, k in wrong))
    return (
        f"Strengths and test disagree: the training leaned more on {listing(stronger)}, which the "
        f"data break, than on {listing(weaker)}, which they keep. Strengths follow the penalties, "
        "and so the groups as well as the data: go by the test."
    )


def other_worlds(summary: RunSummary) -> str:
    """Warns where the test environments are far from those by which a selection chose."""
    scores = [each.score for each in summary.environments if math.isfinite(each.score)]
    tested = summary.metrics.get(f"test/{summary.monitor.partition('/')[2]}")
    if not scores or tested is None or summary.higher_is_better:
        return ""
    worst = max(scores)
    if not tested > WORSE * worst > 0:
        return ""
    return (
        f"The test error is {number(tested)}, and that of no held-out environment above "
        f"{number(worst)}: the environments of the test are unlike those that chose strengths and "
        "epochs, and that the verdicts are about."
    )


def _with_verdict(
    summary: RunSummary, results: list[SymmetryResult], word: str
) -> list[SymmetryResult]:
    tested = [r for r in results if summary.verdict(r.name) is not None]
    return [r for r in tested if first_word(summary.verdict(r.name)) == word]


def prices(summary: RunSummary) -> str:
    """The shadow prices of a run whose policy constrains asymmetry; empty for others."""
    names = labels(summary.symmetries)
    last = {row.name: row for row in summary.history if not math.isnan(row.price)}
    each = [
        f"{names[name]} {number(row.price)}, asymmetry {number(row.asymmetry)} where "
        f"{number(row.tolerance)} is tolerated"
        for name, row in last.items()
        if name in names
    ]
    if not each:
        return ""
    return (
        f"Shadow prices: {'; '.join(each)}. A price is the loss that one unit more of the penalty "
        "would buy: of asymmetry itself for regularizers of the function, of its surrogate for "
        "those of weights. Asymmetry is twice the squared break of the network on held-out samples."
    )
