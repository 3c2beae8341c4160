"""Strengths and penalties over the epochs."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from softsym.reporting.palette import MUTED, legend_above, line_styles, log_axis, styled
from softsym.reporting.summary import RunSummary
from softsym.runs.reading import thin

# More points make the file larger, but not the picture better.
POINTS = 600


@styled
def strengths_figure(summary: RunSummary) -> Figure | None:
    """Strength of every symmetry over the epochs, None without history."""
    return _curves(summary, "strength", "steps-post")


@styled
def penalties_figure(summary: RunSummary) -> Figure | None:
    """Penalty of every symmetry over the epochs, None without history."""
    return _curves(summary, "penalty", "default")


def series(
    summary: RunSummary, field: Literal["strength", "penalty"]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name -> (epochs, values), each (n,), of what a logarithmic axis can show."""
    columns: dict[str, list[tuple[int, float]]] = {}
    for row in summary.history:
        columns.setdefault(row.name, []).append((row.epoch, getattr(row, field)))
    drawn = {}
    for name, pairs in columns.items():
        epochs, values = np.array(pairs, dtype=float).T
        good = np.isfinite(values) & (values > 0)
        if good.any():
            drawn[name] = (epochs[good], values[good])
    return drawn


def _curves(
    summary: RunSummary,
    field: Literal["strength", "penalty"],
    drawstyle: Literal["default", "steps-post"],
) -> Figure | None:
    """Lines of one column of the history on a logarithmic axis, None without data."""
    data = series(summary, field)
    if not data:
        return None
    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    ax = figure.add_subplot()
    styles = line_styles(summary)
    for name, (epochs, values) in data.items():
        kept = thin(values, POINTS)
        # a run stopped in its first epoch has one point, which a line does not show
        marker = "o" if len(kept) == 1 else ""
        ax.plot(epochs[kept], values[kept], drawstyle=drawstyle, marker=marker, **styles[name])
    log_axis(ax, [v for _, values in data.values() for v in (values.min(), values.max())])
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set(xlabel="epoch", ylabel=f"{field} (log scale)")
    if summary.adjusted_at is not None:
        _mark_adjustment(ax, summary.adjusted_at)
    recorded = {row.name for row in summary.history}
    for name in (name for name in styles if name in recorded and name not in data):
        # a logarithmic axis has no 0, so the legend says it
        ax.plot([], [], **styles[name] | {"label": f"{styles[name]['label']}: 0 throughout"})
    legend_above(figure, 2 if len(recorded) in (2, 4) else min(len(recorded), 3))
    return figure


def _mark_adjustment(ax: Axes, epoch: int) -> None:
    """Marks the epoch at which the strengths were adjusted."""
    ax.axvline(epoch, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    ax.annotate(
        "adjusted", (epoch, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
        textcoords="offset points", ha="center", va="bottom", fontsize=8.5, color=MUTED,
    )  # fmt: skip
