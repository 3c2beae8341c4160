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


@styled
def power_figure(
    curves: Mapping[tuple[str, int], Sequence[tuple[float, Mapping[str, Share]]]],
    tests: Sequence[str],
    level: float,
) -> Figure:
    """Share of repetitions that find a break, against its size, two standard errors to either side.

    Args:
        curves: Group and number of samples -> true break and, by test, the share that found it.
        tests: Tests in the order of their panels.
        level: Level of the tests.
    """
    broken = list(dict.fromkeys(group for group, _ in curves))
    sizes = list(dict.fromkeys(n for _, n in curves))
    figure = Figure(figsize=(3.6 * len(tests), 0.6 + 2.6 * len(broken)), layout="constrained")
    grid = figure.subplots(len(broken), len(tests), sharex=True, sharey=True, squeeze=False)
    for axes, group in zip(grid, broken, strict=True):
        for ax, test in zip(axes, tests, strict=True):
            for place, n in enumerate(sizes):
                points = curves[group, n]
                breaks = [size for size, _ in points]
                found = [share[test] for _, share in points]
                ax.errorbar(
                    breaks,
                    [share.value for share in found],
                    [2 * share.error for share in found],
                    color=SERIES[place],
                    linestyle=DASHES[place],
                    marker="o",
                    markersize=4,
                    linewidth=1.2,
                    label=f"{n} samples" if ax is grid[0][0] else None,
                )
            ax.axhline(level, color=MUTED, linewidth=0.8, linestyle=DASHES[1])
            ax.set_title(f"{group}, {test}", loc="left")
            ax.set_ylim(0, 1)
    figure.supxlabel("true break, share of the spread of y")
    figure.supylabel(f"share of p below {level}")
    figure.legend(loc="outside upper center", ncols=len(sizes))
    return figure
