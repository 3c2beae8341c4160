"""Equivariance error of the data and of the model, symmetry by symmetry."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from softsym.reporting.grades import known
from softsym.reporting.number_format import error
from softsym.reporting.palette import GRID, INK, MUTED, line_styles, styled
from softsym.reporting.summary import RunSummary, SymmetryResult

# Model bars are the paler ones.
PALE = 0.45
BAR = 0.36


@styled
def equivariance_figure(summary: RunSummary) -> Figure | None:
    """Two bars per symmetry, with a mark at the noise floor of an estimate; None without data.

    The axis is linear from 0: a kept symmetry has no bar to speak of, whatever power of ten its
    rounding errors have.
    """
    shown = [r for r in summary.symmetries if known(r.model_error) or known(r.reference_error)]
    if not shown:
        return None
    figure = Figure(figsize=(7.6, 1.2 + 0.55 * len(shown)), layout="constrained")
    ax = figure.add_subplot()
    styles = line_styles(summary)
    for row, result in enumerate(shown):
        _pair(ax, row, result, styles[result.name]["color"])
    ax.set_yticks(range(len(shown)), [styles[r.name]["label"] for r in shown])
    ax.set_ylim(len(shown) - 0.45, -0.55)
    values = [v for r in shown for v in _values(r) if v is not None and known(v)]
    ax.set_xlim(0, max(1.15 * max(values), 0.05))
    ax.set_xlabel("relative equivariance error")
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    _legend(figure, shown)
    return figure


def _values(result: SymmetryResult) -> tuple[float | None, float | None, float | None]:
    return result.reference_error, result.model_error, result.data_floor


def _pair(ax: Axes, row: int, result: SymmetryResult, color: str) -> None:
    """Bars of one symmetry: data above, model below, each with its value."""
    for value, y, alpha in (
        (result.reference_error, row - BAR / 2, 1.0),
        (result.model_error, row + BAR / 2, PALE),
    ):
        if value is None or not known(value):
            continue
        ax.barh(y, value, height=BAR, color=color, alpha=alpha)
        # A bar that ends left of the floor's mark would have its text struck through.
        floor = result.data_floor if alpha == 1.0 and known(result.data_floor) else 0.0
        ax.annotate(
            error(value), (max(value, floor or 0.0), y), xytext=(4, 0),
            textcoords="offset points", va="center", fontsize=8.5, color=INK,
        )  # fmt: skip
    if result.data_floor is not None and known(result.data_floor):
        y = row - BAR / 2
        ax.plot([result.data_floor] * 2, [y - BAR / 2, y + BAR / 2], color=INK, linewidth=2.2)


def _legend(figure: Figure, shown: list[SymmetryResult]) -> None:
    """Only what is drawn."""
    handles: list[Patch | Line2D] = []
    if any(known(r.reference_error) for r in shown):
        handles.append(Patch(color=MUTED, label="data"))
    if any(known(r.model_error) for r in shown):
        handles.append(Patch(color=MUTED, alpha=PALE, label="model"))
    if any(known(r.data_floor) for r in shown):
        handles.append(Line2D([], [], color=INK, linewidth=2.2, label="noise alone"))
    figure.legend(handles=handles, loc="outside upper left", ncols=3, edgecolor=GRID)
