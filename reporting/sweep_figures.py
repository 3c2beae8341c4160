"""Pictures of many runs: strengths over epochs and at the end, and what the swept keys do."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from matplotlib.transforms import offset_copy

from softsym.reporting.configurations import Configuration, Sweep, finite
from softsym.reporting.palette import INK, SERIES, legend_above, log_axis, plain, styled
from softsym.reporting.run_colors import Colors, run_colors
from softsym.reporting.swept import SweptKey, shown
from softsym.reporting.words import number
from softsym.runs.reading import Curve, Run

# Beyond these a picture shows less, not more.
PANELS, LINES, ROWS = 9, 300, 25
# More lines than this lie on each other: they pale, and their median shows.
FEW = 20
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
# More different values than this are no groups to take means of.
GROUPS = 12
# Values whose largest is so many times the smallest are seen on a logarithmic axis only.
WIDE = 20.0


@styled
def strengths_over_epochs(sweep: Sweep) -> Figure | None:
    """A panel per symmetry with a line per run, and the median where there are many."""
    drawn = {name: _positive(sweep, name) for name in sweep.symmetries}
    drawn = {name: curves for name, curves in drawn.items() if curves}
    if not drawn:
        return None
    figure, panels = _grid(len(drawn))
    colors = run_colors(sweep)
    values = [v for curves in drawn.values() for _, (_, y) in curves for v in (y.min(), y.max())]
    # Panels share their axis, so that strengths can be compared across them.
    for ax, (name, curves) in zip(panels, list(drawn.items())[:PANELS], strict=False):
        _lines(ax, curves, colors)
        log_axis(ax, values)
        ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        ax.set_title(plain(symmetry_label(sweep, name)), loc="left")
        ax.set_xlabel("epoch")
    panels[0].set_ylabel("strength (log scale)")
    _legend(figure, panels[0], colors, median=len(sweep.runs) > FEW)
    return figure


@styled
def final_strengths(sweep: Sweep) -> Figure | None:
    """A row per configuration, the best on top, with a dot per run and symmetry."""
    rows = sweep.configurations[:ROWS]
    found = {
        name: [
            (y, value)
            for y, configuration in enumerate(rows)
            for value in strengths_of(configuration, name)
        ]
        for name in sweep.symmetries
    }
    found = {name: dots for name, dots in found.items() if dots}
    if not found:
        return None
    figure = Figure(figsize=(9.6, 1.2 + 0.28 * max(len(rows), 2)), layout="constrained")
    ax = figure.add_subplot()
    for i, name in enumerate(sweep.symmetries):
        if name in found:
            y, x = np.array(found[name], dtype=float).T
            # Side by side, so that equal strengths do not hide each other.
            y = y + 0.5 * ((i + 1) / (len(sweep.symmetries) + 1) - 0.5)
            look = _look(i) | {"label": plain(symmetry_label(sweep, name))}
            ax.plot(x, y, linestyle="none", markersize=4.5, alpha=0.75, **look)
    _log_x(ax, [value for dots in found.values() for _, value in dots])
    ax.set_xlabel("strength at the end (log scale)")
    ax.set_yticks(range(len(rows)), [plain(_row_label(c)) for c in rows])
    if sweep.keys:
        named = ", ".join(key.label for key in sweep.keys)
        ax.set_title(plain(_cut(f"rank and {named}", 100)), loc="left")
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    legend_above(figure, min(len(found), 4))
    return figure


@styled
def metric_by_key(sweep: Sweep) -> Figure | None:
    """The deciding metric against each numeric key: runs, and mean and spread of equal values."""
    keys = numeric_keys(sweep)
    found = ((run, finite(run.metrics.get(sweep.metric))) for run in sweep.counted)
    scored = [(run, value) for run, value in found if value is not None]
    if not keys or not scored:
        return None
    figure, panels = _grid(len(keys))
    for ax, key in zip(panels, keys, strict=False):
        pairs = [(float(run.value(key.key)), v) for run, v in scored if _has(run, key)]
        if pairs:
            x, y = np.array(pairs).T
            # Beside the bar of the spread, which would hide them.
            beside = offset_copy(ax.transData, figure, x=6, units="points")
            look: dict[str, Any] = {"markersize": 4, "alpha": 0.5, "markeredgewidth": 0}
            ax.plot(x, y, "o", color=SERIES[0], transform=beside, **look)
            _means(ax, pairs)
            _key_axis(ax, x, key)
    if _wide([v for _, v in scored]):
        log_axis(panels[0], [v for _, v in scored])
    panels[0].set_ylabel(plain(sweep.metric))
    return figure


@styled
def strengths_by_key(sweep: Sweep) -> Figure | None:
    """Strengths at the end against each numeric key: runs, and a line through the medians."""
    keys = numeric_keys(sweep)
    ends = [(i, n) for i, n in enumerate(sweep.symmetries) if _ends(sweep, n)]
    if not keys or not ends:
        return None
    figure, panels = _grid(len(keys))
    for ax, key in zip(panels, keys, strict=False):
        for i, name in ends:
            pairs = [(float(r.value(key.key)), v) for r, v in _ends(sweep, name) if _has(r, key)]
            if pairs:
                x, y = np.array(pairs).T
                ax.plot(x, y, linestyle="none", markersize=3.5, alpha=0.4, **_look(i))
                _medians(ax, pairs, _look(i), plain(symmetry_label(sweep, name)))
        values = [float(run.value(key.key)) for run in sweep.counted if _has(run, key)]
        _key_axis(ax, np.array(values), key)
        log_axis(ax, [v for _, n in ends for _, v in _ends(sweep, n)])
    panels[0].set_ylabel("strength at the end (log scale)")
    handles = panels[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper left", ncols=4, borderaxespad=0.2)
    return figure


SWEEP_DRAWERS = {
    "strengths": strengths_over_epochs,
    "final_strengths": final_strengths,
    "metric_by_key": metric_by_key,
    "strengths_by_key": strengths_by_key,
}


def numeric_keys(sweep: Sweep) -> list[SweptKey]:
    """Keys with numbers that pictures are drawn of."""
    return [key for key in sweep.keys if key.numeric][:PANELS]


def symmetry_label(sweep: Sweep, name: str) -> str:
    """Name of a symmetry with its group, where all runs agree on it."""
    groups = {run.config.get(f"regularizers.{name}.group") for run in sweep.runs} - {None}
    return f"{name}: {groups.pop()}" if len(groups) == 1 else name


def strengths_of(configuration: Configuration, name: str) -> list[float]:
    """Positive strengths that the counted runs of a configuration ended with."""
    found = (finite(run.final_strength(name)) for run in configuration.counted)
    return [value for value in found if value]


def _ends(sweep: Sweep, name: str) -> list[tuple[Run, float]]:
    pairs = ((run, finite(run.final_strength(name))) for run in sweep.counted)
    return [(run, value) for run, value in pairs if value]


def _positive(sweep: Sweep, name: str) -> list[tuple[int, Curve]]:
    """Place of a run and its curve, as far as a logarithmic axis shows it."""
    found = []
    for place, run in enumerate(sweep.runs):
        if name in run.curves:
            x, y = run.curves[name]
            good = np.isfinite(y) & (y > 0)
            if good.any():
                found.append((place, (x[good], y[good])))
    return found


def _grid(count: int) -> tuple[Figure, list[Axes]]:
    """Small panels that share their y axis, three in a row."""
    count = min(count, PANELS)
    columns = min(count, 3)
    rows = math.ceil(count / columns)
    width = {1: 5.4, 2: 8.0, 3: 10.2}[columns]
    figure = Figure(figsize=(width, 0.4 + 2.6 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, sharey=True, squeeze=False).flatten().tolist()
    for ax in axes[count:]:
        ax.remove()
    return figure, axes[:count]


def _lines(ax: Axes, curves: Sequence[tuple[int, Curve]], colors: Colors) -> None:
    """One thin line per run, a sample of them where there are very many."""
    many = len(curves) > FEW
    chosen = np.unique(np.linspace(0, len(curves) - 1, min(LINES, len(curves))).astype(int))
    for place, (x, y) in (curves[i] for i in chosen):
        marker = "o" if len(x) == 1 else ""
        look: dict[str, Any] = {"alpha": 0.3, "linewidth": 0.8} if many else {"linewidth": 1.5}
        ax.plot(x, y, color=colors.of(place), drawstyle="steps-post", marker=marker, **look)
    if many:
        ax.plot(*median([curve for _, curve in curves]), color=INK, linewidth=2.2)


def median(curves: Sequence[Curve], points: int = 100) -> Curve:
    """Median of step curves, over those that have come so far.

    Args:
        curves: each holds the value from an epoch on; positive.
        points: at how many epochs.
    """
    grid = np.linspace(min(x[0] for x, _ in curves), max(x[-1] for x, _ in curves), points)
    table = np.full((len(curves), points), np.nan)
    for row, (x, y) in zip(table, curves, strict=True):
        inside = (grid >= x[0]) & (grid <= x[-1])
        row[inside] = y[np.searchsorted(x, grid[inside], side="right") - 1]
    reached = np.isfinite(table).any(axis=0)
    return grid[reached], np.nanmedian(table[:, reached], axis=0)


def _legend(figure: Figure, ax: Axes, colors: Colors, *, median: bool) -> None:
    for label, color in colors.legend:
        ax.plot([], [], color=color, label=plain(label))
    if median:
        ax.plot([], [], color=INK, linewidth=2.2, label="median of all runs")
    handles, labels = ax.get_legend_handles_labels()
    if labels:
        columns = 2 if max(map(len, labels)) > 30 else 4
        figure.legend(handles, labels, loc="outside upper left", ncols=columns, borderaxespad=0.2)


def _look(i: int) -> dict[str, Any]:
    """Colour and marker of a symmetry."""
    color = SERIES[i % len(SERIES)]
    return {"color": color, "marker": MARKERS[i % len(MARKERS)], "markeredgewidth": 0}


def _has(run: Run, key: SweptKey) -> bool:
    return type(run.value(key.key)) in (int, float)


def _by_x(pairs: Sequence[tuple[float, float]]) -> dict[float, list[float]]:
    """Value of the key -> values of the runs with it; empty where hardly any come again."""
    groups: dict[float, list[float]] = {}
    for x, y in sorted(pairs):
        groups.setdefault(x, []).append(y)
    return groups if len(groups) <= min(GROUPS, len(pairs) / 2) else {}


def _means(ax: Axes, pairs: Sequence[tuple[float, float]]) -> None:
    groups = _by_x(pairs)
    if groups:
        means = [statistics.fmean(ys) for ys in groups.values()]
        deviations = [statistics.stdev(ys) if len(ys) > 1 else 0.0 for ys in groups.values()]
        ax.errorbar(
            list(groups), means, deviations, color=SERIES[0], linewidth=1.4, marker="o",
            markersize=7, markerfacecolor="none", capsize=3,
        )  # fmt: skip


def _medians(
    ax: Axes, pairs: Sequence[tuple[float, float]], look: dict[str, Any], label: str
) -> None:
    """A line through the medians; without repeated values its legend entry alone."""
    groups = _by_x(pairs)
    medians = [statistics.median(ys) for ys in groups.values()]
    width = 1.4 if groups else 0.0
    ax.plot(list(groups), medians, linewidth=width, markersize=5, label=label, **look)


def _wide(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) / min(values) >= WIDE


def _key_axis(ax: Axes, x: np.ndarray, key: SweptKey) -> None:
    """Axis of a key, with its values as ticks where they are few."""
    values = sorted(set(x.tolist()))
    if len(values) > 1 and _wide(values):
        _log_x(ax, values)
    elif len(values) > 1:
        air = 0.06 * (values[-1] - values[0])
        ax.set_xlim(values[0] - air, values[-1] + air)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    if len(values) <= 6:
        ax.xaxis.set_major_locator(FixedLocator(values))
    ax.set_xlabel(plain(key.label))


def _log_x(ax: Axes, values: Sequence[float]) -> None:
    """Logarithmic x axis with plain numbers and some air."""
    low, high = min(values), max(values)
    air = max(1.25, (high / low) ** 0.06)
    ax.set_xscale("log")
    ax.set_xlim(low / air, high * air)
    if high / low < 10:
        # Powers of ten alone would leave no tick or one.
        ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def _row_label(configuration: Configuration) -> str:
    """Rank and values; their keys stand above the rows."""
    return _cut(", ".join([f"#{configuration.rank}", *map(shown, configuration.values)]), 52)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
