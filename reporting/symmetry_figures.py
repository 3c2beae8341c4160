"""What is known of each symmetry: strengths and penalties over the epochs, errors at the end."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from softsym.metrics.symmetry_tests.picture import interval_figure
from softsym.reporting.palette import (
    MUTED,
    legend_above,
    line_styles,
    log_axis,
    positive,
    styled,
)
from softsym.reporting.summary import RunSummary
from softsym.runs.reading import thin

# More points make the file larger, but not the picture better.
POINTS = 600


@styled
def strengths_figure(summary: RunSummary) -> Figure | None:
    """Strength of every symmetry over the epochs, None without history."""
    return _curves(summary, "strength")


@styled
def penalties_figure(summary: RunSummary) -> Figure | None:
    """Penalty of every symmetry over the epochs, None without history."""
    return _curves(summary, "penalty")


@styled
def constraints_figure(summary: RunSummary) -> Figure | None:
    """Asymmetry over tolerance, and price; None where the policy constrains nothing."""
    excess, price = (series(summary, field) for field in ("excess", "price"))
    if not excess:
        return None
    figure = Figure(figsize=(8.2, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.axhline(1.0, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    _draw(left, summary, excess, "asymmetry over tolerance", also=(1.0,))
    _draw(right, summary, price, "price", drawstyle="steps-post")
    legend_above(figure, min(len(excess), 4), left)
    return figure


Field = Literal["strength", "penalty", "excess", "price"]


def series(summary: RunSummary, field: Field) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name -> (epochs, values), each (n,), of what a logarithmic axis can show."""
    columns: dict[str, list[tuple[int, float]]] = {}
    for row in summary.history:
        columns.setdefault(row.name, []).append((row.epoch, getattr(row, field)))
    curves = {name: positive(*np.array(pairs, dtype=float).T) for name, pairs in columns.items()}
    return {name: curve for name, curve in curves.items() if len(curve[0])}


def _draw(
    ax: Axes,
    summary: RunSummary,
    data: dict[str, tuple[np.ndarray, np.ndarray]],
    label: str,
    drawstyle: Literal["default", "steps-post"] = "default",
    also: tuple[float, ...] = (),
) -> None:
    """Draws series on a logarithmic axis, which holds some other values as well."""
    styles = line_styles(summary)
    for name, (epochs, values) in data.items():
        kept = thin(values, POINTS)
        # a run stopped in its first epoch has one point, which a line does not show
        marker = "o" if len(kept) == 1 else ""
        ax.plot(epochs[kept], values[kept], drawstyle=drawstyle, marker=marker, **styles[name])
    ends = [v for _, values in data.values() for v in (values.min(), values.max())]
    if ends:
        log_axis(ax, [*ends, *also])
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set(xlabel="epoch", ylabel=f"{label} (log scale)")


def _curves(summary: RunSummary, field: Literal["strength", "penalty"]) -> Figure | None:
    """Lines of one column of the history on a logarithmic axis, None without data."""
    data = series(summary, field)
    if not data:
        return None
    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    ax = figure.add_subplot()
    styles = line_styles(summary)
    _draw(ax, summary, data, field, "steps-post" if field == "strength" else "default")
    if summary.adjusted_at is not None:
        ax.axvline(summary.adjusted_at, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
        ax.annotate(
            "adjusted", (summary.adjusted_at, 1.0), xycoords=("data", "axes fraction"),
            xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize=8.5,
            color=MUTED,
        )  # fmt: skip
    recorded = {row.name for row in summary.history}
    for name in (name for name in styles if name in recorded and name not in data):
        # a logarithmic axis has no 0, so the legend says it
        ax.plot([], [], **styles[name] | {"label": f"{styles[name]['label']}: 0 throughout"})
    legend_above(figure, 2 if len(recorded) in (2, 4) else min(len(recorded), 3))
    return figure


@styled
def breaks_figure(summary: RunSummary) -> Figure | None:
    """The interval of the break of every symmetry on a common axis; None without a test."""
    if summary.test is None:
        return None
    names = {name: style["label"] for name, style in line_styles(summary).items()}
    return interval_figure(summary.test, summary.test.settings["tolerance"], names)


@styled
def environments_figure(summary: RunSummary) -> Figure | None:
    """The interval of every symmetry in every environment on a common axis; None without folds."""
    if summary.test is None:
        return None
    names = {name: style["label"] for name, style in line_styles(summary).items()}
    found = {
        f"{names.get(name, name)}, {each.label}": each.verdicts[name]
        for name in summary.test
        for each in summary.environments
        if name in each.verdicts
    }
    return interval_figure(found, summary.test.settings["tolerance"]) if found else None
