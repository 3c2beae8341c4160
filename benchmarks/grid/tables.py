"""The tables of the grid as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmarks.grid.plan import TASKS
from benchmarks.grid.recovery import DialPoint, Recovery, recovery
from benchmarks.grid.results import MODEL_ERROR, STRENGTH, TRUE_ERROR, Summary
from softsym.reporting.number_format import error, number

HIDDEN = (
    "† A typed network that keeps this group exactly gives the same output for every input here. "
    "Weights have to leave it for anything to be learned, whether the data keep it or not, so that "
    "its strength says nothing, and pairs with it are not counted."
)
"""Below the strengths, where a group is of this kind."""


def results_table(summaries: Sequence[Summary]) -> str:
    """Errors of all tasks and models: one table a task, the first row the true function."""
    return "\n\n".join(_task_table(name, _of(summaries, name)) for name in _names(summaries))


def strengths_table(summaries: Sequence[Summary]) -> str:
    """Final strengths over the largest, for the models that have strengths, and the truth."""
    lines = _head("task", "model", "strengths, largest = 1 (truth)", "pairs in the right order")
    for found in recoveries(summaries):
        recipe = found.summary.recipe
        lines.append(f"| {recipe.task} | {recipe.model} | {_shares(found)} | {_score(found)} |")
    text = "\n".join(lines)
    return text + f"\n\n{HIDDEN}" if any(one.left_out for one in recoveries(summaries)) else text


def dial_table(points: Sequence[DialPoint]) -> str:
    """Strength of each symmetry along its dial, and the penalty that it was adjusted by."""
    lines = _head(
        "symmetry",
        "dial",
        "error of the truth",
        "penalty before the adjustment, by seed",
        "strength, largest = 1, by seed",
    )
    for point in points:
        cells = [point.dial, f"{point.level:g}", error(point.true_error)]
        cells += [_listed(point.penalty), _listed(point.share)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def failures_list(summaries: Sequence[Summary]) -> str:
    """Runs that failed, one a line; says so if there is none."""
    failed = [
        f"- {s.recipe.task}, {s.recipe.model}, seed {seed}" for s in summaries for seed in s.failed
    ]
    return "\n".join(failed) or "No run failed."


def recoveries(summaries: Sequence[Summary]) -> list[Recovery]:
    """Recovery of every task and model that has strengths."""
    return [found for s in summaries if (found := recovery(s)) is not None]


def spread(mean: float, deviation: float) -> str:
    """Mean and standard deviation, such as ``0.52 (0.04)``; the mean alone of one seed."""
    return number(mean) if math.isnan(deviation) else f"{number(mean)} ({number(deviation)})"


def _task_table(task: str, summaries: Sequence[Summary]) -> str:
    candidates = dict(item for s in summaries for item in s.recipe.candidates.items())
    settings = ", ".join(f"{key}={value}" for key, value in TASKS[task].data)
    columns = [f"error {group}" for group in candidates.values()]
    head = _head(
        "model", "test MSE", "OOD MSE", *columns, "epochs", "seconds", "parameters", "runs"
    )
    errors = [error(_of_any(summaries, TRUE_ERROR + name)) for name in candidates]
    rows = [["*true function*", "", "", *errors, "", "", "", ""]]
    rows += [_row(summary, list(candidates)) for summary in summaries]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"**{task}** ({settings})", "", *head, *lines])


def _of_any(summaries: Sequence[Summary], metric: str) -> float:
    """The metric of the first model that has it: the truth is the same for all of a task."""
    return next((s.mean(metric) for s in summaries if s.values.get(metric)), math.nan)


def _row(summary: Summary, candidates: Sequence[str]) -> list[str]:
    def cell(metric: str) -> str:
        return spread(summary.mean(metric), summary.spread(metric))

    errors = [f"{error(summary.mean(MODEL_ERROR + name))}" for name in candidates]
    runs = f"{len(summary.seeds)}" + (f", {len(summary.failed)} failed" if summary.failed else "")
    seconds, size = number(summary.mean("run/seconds")), summary.mean("run/parameters")
    return [
        summary.recipe.model.replace("_", " "),
        cell("test/mse"),
        cell("ood/mse"),
        *errors,
        f"{summary.recipe.epochs}",
        seconds,
        "-" if math.isnan(size) else f"{size:.0f}",
        runs,
    ]


def _shares(found: Recovery) -> str:
    summary = found.summary
    means = {name: summary.mean(STRENGTH + name) for name in found.truth}
    top = max(means.values())
    groups = summary.recipe.candidates
    return ", ".join(
        f"{groups[n]}{' †' if groups[n] in found.left_out else ''} {number(mean / top)} "
        f"({found.truth[n]})"
        for n, mean in means.items()
    )


def _score(found: Recovery) -> str:
    if not found.pairs:
        return "no order to find"
    wrong = "; ".join(f"{a} not above {b}" for a, b in found.wrong)
    return f"{found.agreeing} of {found.pairs}" + (f" ({wrong})" if wrong else "")


def _names(summaries: Sequence[Summary]) -> list[str]:
    return list(dict.fromkeys(s.recipe.task for s in summaries))


def _of(summaries: Sequence[Summary], task: str) -> list[Summary]:
    return [s for s in summaries if s.recipe.task == task]


def _listed(values: Sequence[float]) -> str:
    return ", ".join(number(value) for value in values) or "-"


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
