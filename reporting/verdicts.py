"""The verdicts of a run in plain words, from the symmetry test on its held-out samples.

Strengths take no part: they say what training leaned on, not what the data show.
"""

from __future__ import annotations

from softsym.metrics import Verdict
from softsym.reporting.environments import disagreements
from softsym.reporting.number_format import listing
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import SymmetryResult, labels

REGRESSION = "kernel ridge regression"
"""What a test says of the predictor that it fits itself."""
WORDS = ("holds", "broken", "undecided", "no verdict")
"""The beginnings of verdicts, best first."""


def first_word(verdict: Verdict | None) -> str:
    """The beginning of a verdict, which chooses its colour."""
    text = "no verdict" if verdict is None else verdict.verdict
    return next(word for word in WORDS if text.startswith(word))


def verdict(summary: RunSummary, result: SymmetryResult) -> str:
    """The verdict on one symmetry of a run, such as ``"holds within 2%"``."""
    tested = summary.verdict(result.name)
    return summary.untested or "not tested" if tested is None else tested.verdict


def headline(summary: RunSummary) -> str:
    """A few sentences for the top of a report; those on environments that disagree come last."""
    said = disagreements(summary.environments, labels(summary.symmetries))
    return " ".join([_on_symmetries(summary), *said])


def _on_symmetries(summary: RunSummary) -> str:
    if not summary.symmetries:
        return "No symmetry was measured."
    names = labels(summary.symmetries)
    if summary.test is None:
        why = f": {summary.untested}" if summary.untested else "."
        return f"Nothing can be said about {listing(list(names.values()))}{why}"
    r2, low, high = summary.test.explained["all"]
    if not low > 0:
        return (
            f"The model explains nothing of the held-out targets (R2 = {r2:.2g}, between {low:.2g} "
            f"and {high:.2g}), so that it tells nothing about {listing(list(names.values()))}."
        )
    clauses = [
        _clause(names[result.name], summary.test[result.name])
        for result in sorted(
            (r for r in summary.symmetries if r.name in summary.test),
            key=lambda r: WORDS.index(first_word(summary.verdict(r.name))),
        )
    ]
    return f"{'; '.join(clauses)}. {explainer(summary)} {100 * r2:.3g}% of the held-out variance."


def explainer(summary: RunSummary) -> str:
    """Who explains the targets that the test was made with, with the verb."""
    if summary.environments:
        return "In the folds, predictors explain a median of"
    asked = {} if summary.test is None else summary.test.settings
    own = asked.get("predictor") == REGRESSION
    return "A regression on these samples, not the model, explains" if own else "The model explains"


def _clause(name: str, tested: Verdict) -> str:
    joint = {"holds": " ", "broken": " is "}.get(first_word(tested), ": ")
    return f"{name}{joint}{tested.verdict}"
