"""Reads what runs left behind, and sums it up over seeds."""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from benchmarks.grid.plan import Recipe, Run
from benchmarks.grid.runner import COST, FAILED, METRICS, STRENGTHS, is_done

WHOLE = ("test/mse", "ood/mse", "run/seconds", "run/parameters")
MODEL_ERROR, TRUE_ERROR = "test/paper_equivariance_error/", "data/equivariance_error/"
STRENGTH = "strength/"
PENALTY = "penalty_before_adjustment/"
"""The penalty under equal strengths, close to the one that an adjustment goes by."""


@dataclass(frozen=True)
class Result:
    """What one run came to: its metrics, or none where it failed or is still to run."""

    run: Run
    metrics: Mapping[str, float]

    @property
    def status(self) -> str:
        """``done``, ``failed`` or ``missing``."""
        if self.metrics:
            return "done"
        return "failed" if (self.run.folder / FAILED).exists() else "missing"


def read(runs: Iterable[Run]) -> list[Result]:
    """The results of all runs."""
    return [Result(run, _metrics(run)) for run in runs]


def _metrics(run: Run) -> dict[str, float]:
    if not is_done(run):
        return {}
    files = (run.folder / name for name in (COST, METRICS))
    found = {k: v for f in files if f.exists() for k, v in json.loads(f.read_text()).items()}
    return found | _penalties(run.folder / STRENGTHS)


def _penalties(path: Path) -> dict[str, float]:
    """Of each symmetry that takes part, in the last epoch before the adjustment, if there was one.

    That is the last with strengths in the same ratios as at the start: all may grow until then.
    """
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    start: dict[str, float] | None = None
    found: dict[str, float] = {}
    for _, epoch in groupby(rows, key=itemgetter("epoch")):
        named = {row["name"]: row for row in epoch}
        strengths = {name: float(row["strength"]) for name, row in named.items()}
        start = start or strengths
        if not _same_ratios(strengths, start):
            return found
        found = {PENALTY + n: float(named[n]["penalty"]) for n, s in strengths.items() if s}
    return {}


def _same_ratios(strengths: Mapping[str, float], start: Mapping[str, float]) -> bool:
    growth = [strengths[name] / first for name, first in start.items() if first]
    return not growth or math.isclose(min(growth), max(growth), rel_tol=1e-9)


def as_csv(results: Sequence[Result]) -> str:
    """One row a run, with every metric that any of them has."""
    keys = list(dict.fromkeys([*WHOLE, *(key for r in results for key in sorted(r.metrics))]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["task", "model", "seed", "status", "epochs", *keys])
    for result in results:
        recipe = result.run.recipe
        row = [recipe.task, recipe.model, result.run.seed, result.status, recipe.epochs]
        writer.writerow([*row, *(result.metrics.get(key, "") for key in keys)])
    return text.getvalue()


@dataclass(frozen=True)
class Summary:
    """One task with one model, over its seeds.

    Attributes:
        recipe: Task, model and what is known of the truth.
        seeds: Seeds that are done.
        failed: Seeds that failed.
        values: Metric -> one value for each seed that has it, in the order of the seeds.
    """

    recipe: Recipe
    seeds: tuple[int, ...]
    failed: tuple[int, ...]
    values: Mapping[str, tuple[float, ...]]

    def mean(self, metric: str) -> float:
        """Mean over seeds, NaN without any."""
        found = self.values.get(metric, ())
        return statistics.fmean(found) if found else math.nan

    def spread(self, metric: str) -> float:
        """Standard deviation over seeds (n - 1), NaN for fewer than two."""
        found = self.values.get(metric, ())
        return statistics.stdev(found) if len(found) > 1 else math.nan

    def strengths(self) -> dict[str, tuple[float, ...]]:
        """Candidate -> final strength by seed, of those that took part in the training."""
        pairs = {n: self.values.get(STRENGTH + n, ()) for n in self.recipe.candidates}
        return {name: values for name, values in pairs.items() if any(values)}


def summed_up(results: Sequence[Result]) -> list[Summary]:
    """One summary for each recipe, in order."""
    by_recipe: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        recipe = result.run.recipe
        by_recipe.setdefault((recipe.task, recipe.model), []).append(result)
    return [_summary(group) for group in by_recipe.values()]


def _summary(results: Sequence[Result]) -> Summary:
    done = [r for r in results if r.metrics]
    keys = dict.fromkeys(key for r in done for key in r.metrics)
    return Summary(
        recipe=results[0].run.recipe,
        seeds=tuple(r.run.seed for r in done),
        failed=tuple(r.run.seed for r in results if r.status == "failed"),
        values={k: tuple(r.metrics[k] for r in done if k in r.metrics) for k in keys},
    )
