"""Sample tracks: observed, true and predicted paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softsym.reporting.number_format import number
from softsym.reporting.palette import (
    INK,
    MUTED,
    SERIES,
    legend_above,
    plain,
    small_multiples,
    styled,
)
from softsym.reporting.predictions import Predictions
from softsym.reporting.summary import RunSummary

SAMPLES = 6
OBSERVED: dict[str, Any] = {"color": INK, "linewidth": 2.4}
TRUE: dict[str, Any] = {"color": SERIES[0], "linewidth": 2.0}
PREDICTED: dict[str, Any] = {"color": SERIES[1], "linewidth": 2.0, "linestyle": (0, (4, 1.5))}
BASELINES = (MUTED, SERIES[3], SERIES[2])
# Half the width of the smallest window in metres: jitter of a vehicle at rest must not fill it.
SMALLEST = 0.5
# Room below the paths for the scale bar and its text, as a share of half the window.
BAR_ROOM = 0.3

Future = tuple[str, np.ndarray, float, dict[str, Any]]
"""Label of a path (n, 2), empty for none in the legend; size of the dot at its end; its look."""


def sample_tracks(predictions: Predictions, count: int = SAMPLES) -> np.ndarray:
    """Indices of at most ``count`` samples, evenly from the best to the worst predicted."""
    ade = predictions.displacement(predictions.outputs).mean(axis=1)
    readable = np.isfinite(ade) & np.isfinite(predictions.inputs).all(axis=1)
    order = np.argsort(np.where(readable, ade, np.inf))[: int(readable.sum())]
    places = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)
    return order[places]


@styled
def tracks_figure(summary: RunSummary) -> Figure | None:
    """Small multiples of tracks seen from above, None if the data are no trajectories."""
    predictions = summary.predictions
    if predictions is None or predictions.track_dim is None or predictions.targets.size == 0:
        return None
    chosen = sample_tracks(predictions)
    if not len(chosen):
        return None
    columns = min(3, len(chosen))
    height = 0.5 + math.ceil(len(chosen) / columns) * 2.75
    figure, axes = small_multiples(len(chosen), (7.6 * columns / 3, height))
    ade = predictions.displacement(predictions.outputs).mean(axis=1)
    for ax, index in zip(axes, chosen, strict=True):
        _panel(ax, predictions, int(index), labelled=ax is axes[0])
        ax.set_title(f"mean error {number(ade[index])} m", loc="left")
    legend_above(figure, min(3 + len(predictions.baselines), 2 * columns))
    return figure


def _panel(ax: Axes, predictions: Predictions, index: int, *, labelled: bool) -> None:
    """One sample with all its paths."""
    observed, *paths = (
        array[index].reshape(-1, predictions.track_dim or 2)[:, :2]
        for array in (
            *(predictions.inputs, *predictions.baselines.values()),
            *(predictions.targets, predictions.outputs),
        )
    )
    looks: list[dict[str, Any]] = [
        {"color": BASELINES[i % 3], "linestyle": (0, (1, 1.2)), "linewidth": 1.8}
        for i in range(len(predictions.baselines))
    ]
    names = [*predictions.baselines, "true", "predicted"]
    futures: list[Future] = [
        (name.replace("_", " "), path, 3.5, look)
        for name, path, look in zip(names, paths, [*looks, TRUE, PREDICTED], strict=True)
    ]
    draw_scene(ax, observed, futures, labelled=labelled)
    frame(ax, np.concatenate([observed, *paths]))


def draw_scene(
    ax: Axes, observed: np.ndarray, futures: Sequence[Future], *, labelled: bool
) -> None:
    """Draws an observed path (n, 2), and the futures that begin where it ends."""
    for label, path, dot, look in [("observed", observed, 0.0, OBSERVED), *futures]:
        points = path if path is observed else np.concatenate([observed[-1:], path])
        ax.plot(*points.T, label=plain(label) if label and labelled else "_", **look)
        ax.plot(*points[-1:].T, "o", color=look["color"], markersize=dot)


def frame(ax: Axes, points: np.ndarray) -> None:
    """Makes equal axes without ticks around points (n, 2) in metres, with a scale bar."""
    points = points[np.isfinite(points).all(axis=1)]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    half = max(0.58 * float(np.ptp(points, axis=0).max()), SMALLEST)
    left, bottom = centre - half
    ax.set(xlim=(left, left + 2 * half), ylim=(bottom - BAR_ROOM * half, bottom + 2 * half))
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.grid(visible=False)
    ax.spines[["top", "right", "left", "bottom"]].set_visible(False)
    length = round_length(half / 2)
    x, y = left + 0.06 * half, bottom - 0.2 * half
    ax.plot([x, x + length], [y, y], color=INK, linewidth=1.6, solid_capstyle="butt")
    ax.text(x + length + 0.06 * half, y, f"{number(length)} m", va="center", fontsize=8.5)


def round_length(length: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is at most ``length`` (positive)."""
    power = 10.0 ** math.floor(math.log10(length))
    return max(step * power for step in (1, 2, 5) if step * power <= length * (1 + 1e-9))
