"""The common look of all figures: colours for colour-blind readers, sizes, tick labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softsym.reporting.number_format import number
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import labels

INK = "#1f2430"
MUTED = "#6a7180"
GRID = "#dfe2e8"

# Okabe and Ito's colours without yellow, darkened so that thin lines are visible on white.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#b5589a", "#3a9bd9", "#c98a00", "#7a6a5a", "#5b5fc7")

# Dashes tell lines apart that coincide.
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)))

# Values that span more than this factor need a logarithmic axis.
WIDE = 20.0

STYLE: Any = {
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.edgecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


# Decorates a drawing function, which then draws in this style; the global style stays as it is.
styled = matplotlib.rc_context(STYLE)


def plain(text: str) -> str:
    """Escapes text so that matplotlib shows it as it is."""
    text = text.replace("$", r"\$")  # which would start mathematics
    return f" {text}" if text.startswith("_") else text  # else no legend would show it


def symmetry_names(summary: RunSummary) -> list[str]:
    """All symmetries, also those that only the history names; their order fixes the colours."""
    names = [result.name for result in summary.symmetries]
    return list(dict.fromkeys(names + [row.name for row in summary.history]))


def line_styles(summary: RunSummary) -> dict[str, dict[str, Any]]:
    """Name of a symmetry -> colour, dashes and label, the same in every figure."""
    shown = labels(summary.symmetries)
    return {
        name: {
            "color": SERIES[i % len(SERIES)],
            "linestyle": DASHES[i % len(DASHES)],
            "label": plain(shown.get(name, name)),
        }
        for i, name in enumerate(symmetry_names(summary))
    }


def is_wide(low: float, high: float) -> bool:
    """Whether values from ``low`` to ``high`` need a logarithmic axis, and can have one."""
    return low > 0 and high / low >= WIDE


def positive(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The part of a curve that a logarithmic axis can show."""
    good = np.isfinite(y) & (y > 0)
    return x[good], y[good]


def small_multiples(
    count: int, size: tuple[float, float], *, sharey: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of ``size`` in inches with ``count`` panels, three in a row."""
    figure, columns = Figure(figsize=size, layout="constrained"), min(count, 3)
    axes = figure.subplots(math.ceil(count / columns), columns, sharey=sharey, squeeze=False)
    for ax in axes.flat[count:]:
        ax.remove()
    return figure, axes.flat[:count].tolist()


def log_axis(ax: Axes, values: Sequence[float], axis: Literal["x", "y"] = "y") -> None:
    """Logarithmic axis with plain numbers that holds ``values`` (positive) with some air."""
    low, high = min(values), max(values)
    air = max(1.25, (high / low) ** 0.06)
    ax.set(**{f"{axis}scale": "log", f"{axis}lim": (low / air, high * air)})
    # powers of ten alone would leave less than a decade with one tick or none
    decades = math.log10(high / low * air**2)
    steps = (1.0,) if decades > 3 else (1.0, 3.0) if decades > 1.5 else (1.0, 2.0, 3.0, 5.0)
    ticks = ax.yaxis if axis == "y" else ax.xaxis
    ticks.set_major_locator(matplotlib.ticker.LogLocator(subs=steps, numticks=9))
    ticks.set_minor_locator(matplotlib.ticker.NullLocator())
    ticks.set_major_formatter(lambda value, _: number(value))


def legend_above(figure: Figure, columns: int, ax: Axes | None = None) -> None:
    """Legend over the axes in rows of ``columns`` entries: those of one axes, or of all."""
    figure.legend(
        *(() if ax is None else ax.get_legend_handles_labels()),
        loc="outside upper left",
        ncols=columns,
        handlelength=2.4,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
