"""One look for all figures: colours that colour-blind readers tell apart, sizes, tick texts."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from softsym.reporting.summary import RunSummary, labels
from softsym.reporting.words import number

P = ParamSpec("P")
R = TypeVar("R")

INK = "#1f2430"
MUTED = "#6a7180"
GRID = "#dfe2e8"

# Okabe and Ito's colours without the yellow, darkened to be seen as thin lines on white.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#b5589a", "#3a9bd9", "#c98a00", "#7a6a5a", "#5b5fc7")

# Dashes tell lines apart that lie on each other.
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)))

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.dash_capstyle": "butt",
}


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Runs a drawing function with this file's style, and leaves the global one alone."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return inner


def plain(text: str) -> str:
    """Text that matplotlib shows as it is: no mathematics in dollars, no hidden legend entry."""
    text = text.replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def symmetry_names(summary: RunSummary) -> list[str]:
    """All symmetries in the order that fixes their colours, those of the history included."""
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


def log_axis(ax: Axes, values: Sequence[float]) -> None:
    """Logarithmic y axis with plain numbers, holding ``values`` (positive) with some air."""
    low, high = min(values), max(values)
    air = max(1.25, (high / low) ** 0.06)
    ax.set_yscale("log")
    ax.set_ylim(low / air, high * air)
    # Less than a decade would show one tick or none.
    decades = math.log10(high / low * air**2)
    steps = (1.0,) if decades > 3 else (1.0, 3.0) if decades > 1.5 else (1.0, 2.0, 3.0, 5.0)
    ax.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=steps, numticks=9))
    ax.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def legend_above(figure: Figure, columns: int) -> None:
    """Legend over the axes, in rows of ``columns`` entries."""
    figure.legend(
        loc="outside upper left",
        ncols=columns,
        handlelength=2.4,
        columnspacing=1.4,
        borderaxespad=0.2,
    )
