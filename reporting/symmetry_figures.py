"""What is known of each symmetry: strengths and penalties over the epochs, errors at the end."""

from __future__ import annotations

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from softsym.reporting.number_format import error, known
from softsym.reporting.palette import (
    GRID,
    INK,
    MUTED,
    legend_above,
    line_styles,
    log_axis,
    positive,
    styled,
)
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import SymmetryResult
from softsym.runs.reading import thin

# More points make the file larger, but not the picture better.
POINTS = 600
# The model's bars are the paler ones.
PALE = 0.45
BAR = 0.36


@styled
def strengths_figure(summary: RunSummary) -> Figure | None:
    """Strength of every symmetry over the epochs, None without history."""
    return _curves(summary, "strength")


@styled
def penalties_figure(summary: RunSummary) -> Figure | None:
    """Penalty of every symmetry over the epochs, None without history."""
    return _curves(summary, "penalty")


def series(
    summary: RunSummary, field: Literal["strength", "penalty"]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Name -> (epochs, values), each (n,), of what a logarithmic axis can show."""
    columns: dict[str, list[tuple[int, float]]] = {}
    for row in summary.history:
        columns.setdefault(row.name, []).append((row.epoch, getattr(row, field)))
    curves = {name: positive(*np.array(pairs, dtype=float).T) for name, pairs in columns.items()}
    return {name: curve for name, curve in curves.items() if len(curve[0])}


def _curves(summary: RunSummary, field: Literal["strength", "penalty"]) -> Figure | None:
    """Lines of one column of the history on a logarithmic axis, None without data."""
    data = series(summary, field)
    if not data:
        return None
    figure = Figure(figsize=(5.4, 3.6), layout="constrained")
    ax = figure.add_subplot()
    styles = line_styles(summary)
    drawstyle = "steps-post" if field == "strength" else "default"
    for name, (epochs, values) in data.items():
        kept = thin(values, POINTS)
        # a run stopped in its first epoch has one point, which a line does not show
        marker = "o" if len(kept) == 1 else ""
        ax.plot(epochs[kept], values[kept], drawstyle=drawstyle, marker=marker, **styles[name])
    log_axis(ax, [v for _, values in data.values() for v in (values.min(), values.max())])
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.set(xlabel="epoch", ylabel=f"{field} (log scale)")
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
def equivariance_figure(summary: RunSummary) -> Figure | None:
    """Two bars per symmetry, with a mark at the noise floor of an estimate; None without data.

    The axis is linear from 0: the rounding errors of a kept symmetry then have no visible bar,
    whatever their power of ten.
    """
    drawn = [r for r in summary.symmetries if known(r.model_error) or known(r.reference_error)]
    if not drawn:
        return None
    figure = Figure(figsize=(7.6, 1.2 + 0.55 * len(drawn)), layout="constrained")
    ax = figure.add_subplot()
    styles = line_styles(summary)
    for row, result in enumerate(drawn):
        _draw_pair(ax, row, result, styles[result.name]["color"])
    ax.set_yticks(range(len(drawn)), [styles[r.name]["label"] for r in drawn])
    ax.set_ylim(len(drawn) - 0.45, -0.55)
    data = [r.reference_error for r in drawn if known(r.reference_error)]
    model = [r.model_error for r in drawn if known(r.model_error)]
    floors = [r.data_floor for r in drawn if known(r.data_floor)]
    ax.set_xlim(0, max(1.15 * max([*data, *model, *floors]), 0.05))
    ax.set_xlabel("relative equivariance error")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    entries = (
        (data, Patch(color=MUTED, label="data")),
        (model, Patch(color=MUTED, alpha=PALE, label="model")),
        (floors, Line2D([], [], color=INK, linewidth=2.2, label="noise alone")),
    )
    handles = [handle for values, handle in entries if values]
    figure.legend(handles=handles, loc="outside upper left", ncols=3, edgecolor=GRID)
    return figure


def _draw_pair(ax: Axes, row: int, result: SymmetryResult, color: str) -> None:
    """Bars of one symmetry: data above, model below, each with its value."""
    above, below = row - BAR / 2, row + BAR / 2
    floor = result.data_floor if known(result.data_floor) else None
    for value, y, alpha, mark in (
        # the text of a bar that ends left of the floor's mark would be struck through by it
        (result.reference_error, above, 1.0, floor or 0.0),
        (result.model_error, below, PALE, 0.0),
    ):
        if known(value):
            ax.barh(y, value, height=BAR, color=color, alpha=alpha)
            ax.annotate(
                error(value), (max(value, mark), y), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=8.5, color=INK,
            )  # fmt: skip
    if floor is not None:
        ax.plot([floor] * 2, [above - BAR / 2, above + BAR / 2], color=INK, linewidth=2.2)
