"""Equivariance error of the data and of the model, symmetry by symmetry."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from softsym.reporting.number_format import error, known
from softsym.reporting.palette import GRID, INK, MUTED, line_styles, styled
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import SymmetryResult

# The model's bars are the paler ones.
PALE = 0.45
BAR = 0.36


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
    data, model, floors = (
        [value for value in column if known(value)]
        for column in zip(
            *((r.reference_error, r.model_error, r.data_floor) for r in drawn), strict=True
        )
    )
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
