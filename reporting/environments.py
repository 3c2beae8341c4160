"""What the folds of a selection found, each in the environments that it held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from softsym.metrics import SymmetryTest, Verdict
from softsym.metrics.symmetry_tests.pooling import medians, pooled_verdict
from softsym.metrics.symmetry_tests.verdict import percent
from softsym.reporting.number_format import listing

SHOWN = 3
"""Names of environments that a label lists; of more, it gives the number."""
SILENT = "no verdict: the model explains nothing there"


@dataclass(frozen=True)
class EnvironmentResult:
    """The result of one fold.

    Attributes:
        environments: Names of those that it held out.
        epochs: Epochs that its best model has trained.
        score: Validation metric of that model, on the held-out environments.
        strengths: Name of a symmetry -> the strength that the model trained with last.
        test: The symmetry test on the held-out environments, if there is one.
        untested: Why there is none.
    """

    environments: tuple[str, ...]
    epochs: int
    score: float
    strengths: Mapping[str, float] = field(default_factory=dict)
    test: SymmetryTest | None = None
    untested: str = ""

    @property
    def label(self) -> str:
        """The environments for readers, shortened where they are many."""
        names = self.environments
        if len(names) <= SHOWN:
            return ", ".join(names)
        return f"{', '.join(names[: SHOWN - 1])} and {len(names) - SHOWN + 1} more"

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Name -> verdict; one of a model that explains nothing there claims nothing."""
        if self.test is None:
            return {}
        explains = self.test.explained["all"][1] > 0
        return {name: v if explains else _silent(v) for name, v in self.test.items()}


def _silent(verdict: Verdict) -> Verdict:
    return replace(verdict, p=1.0, p_holm=1.0, lower=0.0, upper=math.inf, verdict=SILENT)


def pooled_test(found: Sequence[EnvironmentResult]) -> tuple[SymmetryTest | None, str]:
    """Pools the tests of all folds by medians: the verdict on a typical environment.

    Returns:
        The test, whose notes name the environments that disagree; or None, and why there is none.
    """
    tests = [each.test for each in found if each.test is not None]
    if not tests:
        return None, next((each.untested for each in found if each.untested), "")
    settings = tests[0].settings
    verdicts = {}
    for name in tests[0]:
        known = [each.verdicts[name] for each in found if name in each.verdicts]
        pooled = pooled_verdict(known, settings["level"], settings["tolerance"], of="folds")
        verdicts[name] = replace(
            pooled,
            n=sum(v.n for v in known),
            clusters=sum(v.clusters for v in known),
            note="; ".join(
                filter(None, [pooled.note, _untested(found, name), dissent(found, name)])
            ),
        )
    explained = {
        part: medians([test.explained[part] for test in tests]) for part in tests[0].explained
    }
    return SymmetryTest(verdicts, settings, {}, explained), ""


def dissent(found: Sequence[EnvironmentResult], name: str, level: float = 0.05) -> str:
    """Says which environments break a symmetry by more than others can; empty where none does.

    A break counts after Bonferroni's correction for the number of environments, and against those
    alone whose upper bound is below its lower one.

    Example:
        >>> dissent([], "SO(3)")
        ''
    """
    tested = [(each, each.verdicts[name]) for each in found if name in each.verdicts]
    broken = [(e, v) for e, v in tested if len(tested) * v.p_holm < level]
    least = min((v.lower for _, v in broken), default=0.0)
    others = [(e, v) for e, v in tested if v.upper < least]
    if not (broken and others):
        return ""
    each = [f"{e.label} ({_interval(v)})" for e, v in broken]
    most = percent(max(v.upper for _, v in others), up=True)
    return (
        f"broken in {listing(each)}, by at most {most} in {listing([e.label for e, _ in others])}"
    )


def disagreements(found: Sequence[EnvironmentResult], names: Mapping[str, str]) -> list[str]:
    """A sentence for each symmetry on which environments disagree.

    Args:
        found: Results of the folds.
        names: Name of a symmetry -> its text for readers.
    """
    said = {name: dissent(found, name) for name in names}
    return [f"Environments disagree on {names[n]}: {text}." for n, text in said.items() if text]


def metrics_of(found: Sequence[EnvironmentResult], monitor: str) -> dict[str, float]:
    """The results as flat metrics: the mean validation score, and that and breaks of each fold."""
    if not found:
        return {}
    metrics = {monitor: fmean(each.score for each in found)}
    for number, each in enumerate(found):
        metrics[f"fold_{number}/{monitor}"] = each.score
        for name, verdict in each.verdicts.items():
            known = {key: getattr(verdict, key) for key in ("lower", "upper", "estimate")}
            place = f"fold_{number}/symmetry/{name}"
            metrics |= {f"{place}/{k}": v for k, v in known.items() if math.isfinite(v)}
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def environment_rows(found: Sequence[EnvironmentResult]) -> list[dict[str, Any]]:
    """Cells of the table: a row for each symmetry of each fold, or one for a fold without any."""
    return [
        {
            "label": each.label,
            "name": name,
            "verdict": verdict,
            "text": verdict.verdict if verdict else (each.untested or "not tested"),
            "strength": each.strengths.get(name),
            "score": each.score,
            "epochs": each.epochs,
        }
        for each in found
        for name in (each.verdicts or each.strengths or [""])
        for verdict in [each.verdicts.get(name)]
    ]


def _untested(found: Sequence[EnvironmentResult], name: str) -> str:
    missing = sum(name not in each.verdicts for each in found)
    return f"{missing} of {len(found)} folds could not be tested" if missing else ""


def _interval(verdict: Verdict) -> str:
    if math.isinf(verdict.upper):
        return f"by at least {percent(verdict.lower)}"
    return f"by {percent(verdict.lower)} to {percent(verdict.upper, up=True)}"
