"""The intervals of a symmetry test, drawn on a common axis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

COLORS = {"holds": "#1b7837", "broken": "#b2182b", "undecided": "#4d4d4d", "no verdict": "#999999"}


def interval_figure(
    test: Mapping[str, Any], tolerance: float, labels: Mapping[str, str] | None = None
) -> Figure:
    """Draws each candidate's interval of the relative break, its estimate, and the tolerance.

    Green holds, red is broken, grey is undecided. A candidate without a verdict has no interval.

    Args:
        test: Name -> :class:`softsym.metrics.Verdict`.
        tolerance: Break up to which a symmetry counts as holding.
        labels: Name of a candidate -> text for readers; names are shown where it is missing.
    """
    names = [(labels or {}).get(name, name) for name in test]
    figure = Figure(figsize=(6.4, 0.9 + 0.36 * len(names)), layout="constrained")
    axes = figure.subplots()
    finite = [v.upper for v in test.values() if math.isfinite(v.upper)]
    end = max([1.0, *finite])  # of an interval that nothing bounds from above
    for row, verdict in enumerate(test.values()):
        word = next(word for word in COLORS if verdict.verdict.startswith(word))
        color = COLORS[word]
        if word != "no verdict":
            known = [bound for bound in (verdict.lower, verdict.upper) if math.isfinite(bound)]
            upper = verdict.upper if len(known) == 2 else end
            axes.plot([verdict.lower, upper], [row, row], color=color, linewidth=4, alpha=0.45)
            axes.plot(known, [row] * len(known), "|", color=color, markersize=10)
            axes.plot(verdict.estimate, row, "o", color=color, markersize=5)
    axes.axvline(tolerance, color="black", linestyle=":", linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    axes.set_xlabel("break, relative to the spread of the targets (dotted: tolerance)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
