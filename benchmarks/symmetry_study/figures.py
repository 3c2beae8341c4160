"""The studies of the symmetry test as pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from matplotlib.figure import Figure

from benchmarks.symmetry_study.shares import Share
from softsym.reporting.palette import DASHES, GRID, INK, MUTED, SERIES, styled

PANELS = {
    "false": "share of p below 0.05, symmetry exact",
    "lower": "lower bound covers",
    "upper": "upper bound covers",
}


@styled
def calibration_figure(
    cells: Mapping[str, Mapping[str, Mapping[str, Share]]],
    null: Collection[str],
    groups: Sequence[str],
    asked: Mapping[str, tuple[float, float]],
) -> Figure:
    """False positives and coverage of each cell, two binomial standard errors to either side.

    Args:
        cells: Name of a cell -> group or ``all`` -> ``false``, ``lower``, ``upper`` -> share.
        null: Cells whose symmetries are all exact; the others have no false positives.
        groups: Groups in the order of their colours.
        asked: ``false``, ``lower``, ``upper`` -> least and largest share that is asked for.
    """
    figure = Figure(figsize=(10.5, 1.3 + 0.3 * len(cells)), layout="constrained")
    axes = figure.subplots(1, len(PANELS), sharey=True)
    for ax, (kind, title) in zip(axes, PANELS.items(), strict=True):
        ax.axvspan(*asked[kind], color=GRID, alpha=0.6, linewidth=0)
        for row, (name, found) in enumerate(cells.items()):
            if kind == "false" and name not in null:
                continue
            for place, group in enumerate(groups):
                ax.plot(found[group][kind].value, row, "o", color=SERIES[place], markersize=3.5)
            whole = found["all"][kind]
            low, high = max(whole.value - 2 * whole.error, 0), min(whole.value + 2 * whole.error, 1)
            ax.plot([low, high], [row, row], color=INK, linewidth=1.2)
            ax.plot(whole.value, row, "s", color=INK, markersize=4.5)
        ax.set_title(title, loc="left")
    axes[0].axvline(0.05, color=MUTED, linewidth=0.8, linestyle=DASHES[1])
    axes[0].set_yticks(range(len(cells)), cells)
    axes[0].set_ylim(len(cells) - 0.5, -0.5)
    axes[0].set_xlim(left=0)
    axes[0].plot([], [], "s", color=INK, label="all three")
    for place, group in enumerate(groups):
        axes[0].plot([], [], "o", color=SERIES[place], markersize=3.5, label=group)
    figure.legend(loc="outside upper center", ncols=4)
    return figure
