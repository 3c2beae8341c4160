"""The grid as pictures: errors of all models, strengths against the truth, and along the dials."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.grid.recovery import DialPoint, Recovery
from benchmarks.grid.results import Summary
from softsym.reporting.palette import DASHES, MUTED, SERIES, log_axis, styled

TRUTH_COLORS = {"exact": SERIES[2], "approximate": SERIES[5], "broken": SERIES[1]}
COLUMNS = 3


@styled
def errors_figure(summaries: Sequence[Summary], metric: str, title: str) -> Figure | None:
    """A panel a task, a dot a seed, a bar at the mean; None without data."""
    tasks = [
        t for t in dict.fromkeys(s.recipe.task for s in summaries) if _of(summaries, t, metric)
    ]
    if not tasks:
        return None
    figure, panels = _panels(len(tasks), height=2.6)
    models = list(dict.fromkeys(s.recipe.model for s in summaries))
    for ax, task in zip(panels, tasks, strict=True):
        found = {s.recipe.model: s for s in _of(summaries, task, metric)}
        for place, model in enumerate(models):
            values = found[model].values[metric] if model in found else ()
            color = SERIES[place % len(SERIES)]
            ax.plot([place] * len(values), values, "o", color=color, markersize=4, alpha=0.7)
            if values:
                mean = math.fsum(values) / len(values)
                ax.plot([place - 0.3, place + 0.3], [mean, mean], color=color)
        log_axis(ax, [v for s in found.values() for v in s.values[metric] if v > 0])
        ax.set_xticks(range(len(models)), [m.replace("_", " ") for m in models], rotation=55)
        for label in ax.get_xticklabels():
            label.set_ha("right")
            label.set_rotation_mode("anchor")
        ax.set_title(task, loc="left")
    figure.supylabel(f"{title} (log scale)", fontsize=9.5)
    return figure


@styled
def recovery_figure(found: Sequence[Recovery]) -> Figure | None:
    """A panel a task and model: the share of each strength, coloured by the truth."""
    if not found:
        return None
    figure, panels = _panels(len(found), height=2.0)
    for ax, one in zip(panels, found, strict=True):
        _strengths(ax, one)
    handles = [
        Line2D([], [], marker="o", linestyle="", color=color, label=f"truth: {word}")
        for word, color in TRUTH_COLORS.items()
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=3)
    figure.supylabel("strength, largest = 1 (log)", fontsize=9.5)
    return figure


@styled
def dial_figure(points: Sequence[DialPoint]) -> Figure | None:
    """Penalty before the adjustment and share of the strength along each dial, a line each."""
    if not points:
        return None
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _along_dials(left, points, [point.penalty for point in points])
    left.set_ylabel("penalty under equal strengths (log scale)")
    _along_dials(right, points, [point.share for point in points])
    right.set_ylabel("strength, largest = 1 (log scale)")
    figure.supxlabel(
        "dial: 0 keeps the symmetry, 1 breaks it as much as the target varies", fontsize=9.5
    )
    handles, labels = right.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=3)
    return figure


def _along_dials(
    ax: Axes, points: Sequence[DialPoint], values: Sequence[tuple[float, ...]]
) -> None:
    for place, dial in enumerate(dict.fromkeys(point.dial for point in points)):
        color = SERIES[place % len(SERIES)]
        own = [(p.level, v) for p, v in zip(points, values, strict=True) if p.dial == dial and v]
        for level, seeds in own:
            ax.plot([level] * len(seeds), seeds, "o", color=color, markersize=4)
        means = [math.exp(math.fsum(map(math.log, seeds)) / len(seeds)) for _, seeds in own]
        ax.plot([x for x, _ in own], means, color=color, linestyle=DASHES[place], label=dial)
    log_axis(ax, [value for seeds in values for value in seeds])


def _strengths(ax: Axes, one: Recovery) -> None:
    strengths = one.summary.strengths()
    groups = one.summary.recipe.candidates
    names = list(one.truth)
    tops = [max(column) for column in zip(*strengths.values(), strict=True)]
    shown = []
    for place, name in enumerate(names):
        shares = [value / top for value, top in zip(strengths[name], tops, strict=True)]
        shown += shares
        ax.plot([place] * len(shares), shares, "o", color=TRUTH_COLORS[one.truth[name]])
    ax.axhline(1.0, color=MUTED, linewidth=0.8)
    log_axis(ax, [*shown, 1.0, 0.5])
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.set_xticks(range(len(names)), [groups[name] for name in names])
    ax.set_title(f"{one.summary.recipe.task}, {one.summary.recipe.model}", loc="left")


def _panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    rows = math.ceil(count / COLUMNS)
    columns = min(count, COLUMNS)
    figure = Figure(figsize=(3.4 * columns, height * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flatten().tolist()
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def _of(summaries: Sequence[Summary], task: str, metric: str) -> list[Summary]:
    return [s for s in summaries if s.recipe.task == task and s.values.get(metric)]
