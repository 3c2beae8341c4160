"""Pictures of many runs: strengths over epochs and at the end, and what the swept keys do."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator
from matplotlib.transforms import offset_copy

from softsym.reporting.configurations import Configuration, Sweep
from softsym.reporting.number_format import known, number
from softsym.reporting.palette import (
    INK,
    SERIES,
    is_wide,
    legend_above,
    log_axis,
    plain,
    positive,
    small_multiples,
    styled,
)
from softsym.reporting.run_colors import Colors, run_colors
from softsym.reporting.swept import SweptKey, shown
from softsym.runs.reading import Curve, Run

# More panels, lines or rows than this make a picture harder to read, not richer.
PANELS, LINES, ROWS = 9, 300, 25
# More lines than this overlap, so they are drawn pale and with their median.
FEW = 20
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
# More different values than this form no groups to take means of.
GROUPS = 12

Dots = list[tuple[float, float]]
"""Points (x, y) of one series."""


@styled
def strengths_over_epochs(sweep: Sweep) -> Figure | None:
    """A panel per symmetry with a line per run, and the median where there are many."""
    curves = {name: _positive_curves(sweep, name) for name in sweep.symmetries}
    curves = {name: placed for name, placed in curves.items() if placed}
    if not curves:
        return None
    figure, panels = _panels(len(curves))
    colors = run_colors(sweep)
    values = [v for placed in curves.values() for _, (_, y) in placed for v in (y.min(), y.max())]
    # panels share their axis, so that strengths can be compared across them
    for ax, (name, placed) in zip(panels, list(curves.items())[:PANELS], strict=False):
        _draw_lines(ax, placed, colors)
        log_axis(ax, values)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.set_title(plain(symmetry_label(sweep, name)), loc="left")
        ax.set_xlabel("epoch")
    panels[0].set_ylabel("strength (log scale)")
    for label, color in colors.legend:
        panels[0].plot([], [], color=color, label=plain(label))
    if len(sweep.runs) > FEW:
        panels[0].plot([], [], color=INK, linewidth=2.2, label="median of all runs")
    longest = max((len(label) for label, _ in colors.legend), default=0)
    if colors.legend or len(sweep.runs) > FEW:
        legend_above(figure, 2 if longest > 30 else 4, panels[0])
    return figure


@styled
def final_strengths(sweep: Sweep) -> Figure | None:
    """A row per configuration, the best on top, with a dot per run and symmetry."""
    rows = sweep.configurations[:ROWS]
    dots = {
        name: [(s, float(y)) for y, each in enumerate(rows) for _, s in _ends(each.counted, name)]
        for name in sweep.symmetries
    }
    if not any(dots.values()):
        return None
    figure = Figure(figsize=(9.6, 1.2 + 0.28 * max(len(rows), 2)), layout="constrained")
    ax = figure.add_subplot()
    for i, (name, points) in enumerate(dots.items()):
        if points:
            x, y = np.array(points).T
            # side by side, so that equal strengths do not hide each other
            y = y + 0.5 * ((i + 1) / (len(dots) + 1) - 0.5)
            look = _look(i) | {"label": plain(symmetry_label(sweep, name))}
            ax.plot(x, y, linestyle="none", markersize=4.5, alpha=0.75, **look)
    log_axis(ax, [strength for points in dots.values() for strength, _ in points], "x")
    ax.set_xlabel("strength at the end (log scale)")
    ax.set_yticks(range(len(rows)), [plain(_row_label(c)) for c in rows])
    if sweep.keys:
        named = ", ".join(key.label for key in sweep.keys)
        ax.set_title(plain(_cut(f"rank and {named}", 100)), loc="left")
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    legend_above(figure, min(sum(map(bool, dots.values())), 4))
    return figure


@styled
def metric_by_key(sweep: Sweep) -> Figure | None:
    """The deciding metric against each numeric key: runs, and mean and spread of equal values."""
    keys = [key for key in sweep.keys if key.numeric][:PANELS]
    scored = [(run, v) for run in sweep.counted if known(v := run.metrics.get(sweep.metric))]
    if not keys or not scored:
        return None
    figure, panels = _panels(len(keys))
    for ax, key in zip(panels, keys, strict=False):
        dots = _against(scored, key)
        if dots:
            # beside the bar of the spread, which would hide them
            beside = offset_copy(ax.transData, figure, x=6, units="points")
            look: dict[str, Any] = {"markersize": 4, "alpha": 0.5, "markeredgewidth": 0}
            ax.plot(*np.array(dots).T, "o", color=SERIES[0], transform=beside, **look)
            ax.update_datalim(dots)  # which shifted dots do not do by themselves
            ax.autoscale_view()
            _draw_means(ax, dots)
            _key_axis(ax, dots, key)
    values = [value for _, value in scored]
    if is_wide(min(values), max(values)):
        log_axis(panels[0], values)
    panels[0].set_ylabel(plain(sweep.metric))
    return figure


@styled
def strengths_by_key(sweep: Sweep) -> Figure | None:
    """Strengths at the end against each numeric key: runs, and a line through the medians."""
    keys = [key for key in sweep.keys if key.numeric][:PANELS]
    ends = [(i, name, _ends(sweep.counted, name)) for i, name in enumerate(sweep.symmetries)]
    ends = [(i, name, strengths) for i, name, strengths in ends if strengths]
    if not keys or not ends:
        return None
    figure, panels = _panels(len(keys))
    for ax, key in zip(panels, keys, strict=False):
        for i, name, strengths in ends:
            dots = _against(strengths, key)
            if dots:
                look = {"markersize": 3.5, "alpha": 0.4, **_look(i)}
                ax.plot(*np.array(dots).T, linestyle="none", **look)
                # without repeated values there is no line, but still an entry of the legend
                groups = _by_x(dots)
                medians = [statistics.median(ys) for ys in groups.values()]
                look = {"linewidth": 1.4 if groups else 0.0, "markersize": 5, **_look(i)}
                label = plain(symmetry_label(sweep, name))
                ax.plot(list(groups), medians, label=label, **look)
        _key_axis(ax, _against([(run, 0.0) for run in sweep.counted], key), key)
        log_axis(ax, [strength for *_, strengths in ends for _, strength in strengths])
    panels[0].set_ylabel("strength at the end (log scale)")
    legend_above(figure, 4, panels[0])
    return figure


def symmetry_label(sweep: Sweep, name: str) -> str:
    """Name of a symmetry, with its group if all runs agree on it."""
    groups = {run.config.get(f"regularizers.{name}.group") for run in sweep.runs} - {None}
    return f"{name}: {groups.pop()}" if len(groups) == 1 else name


def median(curves: Sequence[Curve], points: int = 100) -> Curve:
    """Median of step curves at some epochs, at each over the curves that reach it."""
    grid = np.linspace(min(x[0] for x, _ in curves), max(x[-1] for x, _ in curves), points)
    table = np.full((len(curves), points), np.nan)
    for row, (x, y) in zip(table, curves, strict=True):
        inside = (grid >= x[0]) & (grid <= x[-1])
        row[inside] = y[np.searchsorted(x, grid[inside], side="right") - 1]
    reached = np.isfinite(table).any(axis=0)
    return grid[reached], np.nanmedian(table[:, reached], axis=0)


def _ends(runs: Sequence[Run], name: str) -> list[tuple[Run, float]]:
    """Runs with the positive strength that each ended with."""
    return [(run, s) for run in runs if known(s := run.final_strength(name)) and s > 0]


def _against(values: Sequence[tuple[Run, float]], key: SweptKey) -> Dots:
    """Values against a swept key, of the runs that have a number for the key."""
    places = [(run.value(key.key), value) for run, value in values]
    return [(float(x), value) for x, value in places if type(x) in (int, float)]


def _positive_curves(sweep: Sweep, name: str) -> list[tuple[int, Curve]]:
    """Places of runs with the part of their curve that a logarithmic axis shows."""
    curves = [
        (i, positive(*run.curves[name])) for i, run in enumerate(sweep.runs) if name in run.curves
    ]
    return [(place, curve) for place, curve in curves if len(curve[0])]


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Small panels that share their y axis, three in a row."""
    count = min(count, PANELS)
    rows = math.ceil(count / 3)
    width = {1: 5.4, 2: 8.0}.get(count, 10.2)
    return small_multiples(count, (width, 0.4 + 2.6 * rows), sharey=True)


def _draw_lines(ax: Axes, curves: Sequence[tuple[int, Curve]], colors: Colors) -> None:
    """One thin line per run; a sample of them where there are very many."""
    many = len(curves) > FEW
    chosen = np.unique(np.linspace(0, len(curves) - 1, min(LINES, len(curves))).astype(int))
    look: dict[str, Any] = {"alpha": 0.3, "linewidth": 0.8} if many else {"linewidth": 1.5}
    for place, (x, y) in (curves[i] for i in chosen):
        marker = "o" if len(x) == 1 else ""
        color = colors.runs[place]
        ax.plot(x, y, color=color, drawstyle="steps-post", marker=marker, **look)
    if many:
        ax.plot(*median([curve for _, curve in curves]), color=INK, linewidth=2.2)


def _look(i: int) -> dict[str, Any]:
    """Colour and marker of a symmetry."""
    color = SERIES[i % len(SERIES)]
    return {"color": color, "marker": MARKERS[i % len(MARKERS)], "markeredgewidth": 0}


def _by_x(dots: Dots) -> dict[float, list[float]]:
    """The y values at each x; empty where x values hardly ever repeat."""
    groups: dict[float, list[float]] = {}
    for x, y in sorted(dots):
        groups.setdefault(x, []).append(y)
    return groups if len(groups) <= min(GROUPS, len(dots) / 2) else {}


def _draw_means(ax: Axes, dots: Dots) -> None:
    groups = _by_x(dots)
    if groups:
        means = [statistics.fmean(ys) for ys in groups.values()]
        deviations = [statistics.stdev(ys) if len(ys) > 1 else 0.0 for ys in groups.values()]
        look: dict[str, Any] = {"marker": "o", "markersize": 7, "markerfacecolor": "none"}
        look |= {"color": SERIES[0], "linewidth": 1.4, "capsize": 3}
        ax.errorbar(list(groups), means, deviations, **look)


def _key_axis(ax: Axes, dots: Dots, key: SweptKey) -> None:
    """Axis of a key, with its values as ticks where they are few."""
    values = sorted({x for x, _ in dots})
    if len(values) > 1 and is_wide(values[0], values[-1]):
        log_axis(ax, values, "x")
    elif len(values) > 1:
        air = 0.06 * (values[-1] - values[0])
        ax.set_xlim(values[0] - air, values[-1] + air)
        ax.xaxis.set_major_formatter(lambda value, _: number(value))
    if len(values) <= 6:
        ax.xaxis.set_major_locator(FixedLocator(values))
    ax.set_xlabel(plain(key.label))


def _row_label(configuration: Configuration) -> str:
    """Rank and values; the title above the rows names the keys."""
    return _cut(", ".join([f"#{configuration.rank}", *map(shown, configuration.values)]), 52)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
