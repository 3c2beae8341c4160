"""Sample tracks: observed, true and predicted paths."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softsym.reporting.number_format import number
from softsym.reporting.palette import INK, MUTED, SERIES, legend_above, plain, styled
from softsym.reporting.summary import Predictions, RunSummary

SAMPLES = 6
TRUE, PREDICTED = SERIES[0], SERIES[1]
BASELINES = (MUTED, SERIES[3], SERIES[2])
# A vehicle at rest would otherwise fill the panel with its jitter.
SMALLEST = 0.5
# Room below the paths for the bar and its text, as a share of half the window.
BAR_ROOM = 0.3


def displacement(predictions: Predictions, outputs: np.ndarray) -> np.ndarray:
    """Distance of predicted from true positions in metres, (n, time).

    Args:
        predictions: tracks, with ``track_dim`` set.
        outputs: (n, dim_out), of the model or of a baseline.
    """
    d = predictions.track_dim or 1
    steps = outputs.shape[1] // d
    return np.linalg.norm((outputs - predictions.targets).reshape(-1, steps, d), axis=2)


def sample_tracks(predictions: Predictions, count: int = SAMPLES) -> np.ndarray:
    """Indices of samples spread evenly from the best to the worst predicted, (count,) at most."""
    ade = displacement(predictions, predictions.outputs).mean(axis=1)
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
    rows = math.ceil(len(chosen) / columns)
    width = 7.6 * columns / 3
    figure = Figure(figsize=(width, 0.5 + rows * 2.75), layout="constrained")
    ade = displacement(predictions, predictions.outputs).mean(axis=1)
    for place, index in enumerate(chosen):
        ax = figure.add_subplot(rows, columns, place + 1)
        _panel(ax, predictions, int(index), labelled=place == 0)
        ax.set_title(f"mean error {number(ade[index])} m", loc="left")
    legend_above(figure, min(3 + len(predictions.baselines), 2 * columns))
    return figure


def _panel(ax: Axes, predictions: Predictions, index: int, *, labelled: bool) -> None:
    """One sample with all its paths, equal axes and a scale bar."""
    d = predictions.track_dim or 2
    observed = predictions.inputs[index].reshape(-1, d)[:, :2]
    paths = [("observed", observed, {"color": INK, "linestyle": "-", "linewidth": 2.4})]
    for i, (name, array) in enumerate(predictions.baselines.items()):
        look = {"color": BASELINES[i % 3], "linestyle": (0, (1, 1.2)), "linewidth": 1.8}
        paths.append((name.replace("_", " "), array[index].reshape(-1, d)[:, :2], look))
    for name, array, color, dashes in (
        ("true", predictions.targets, TRUE, "-"),
        ("predicted", predictions.outputs, PREDICTED, (0, (4, 1.5))),
    ):
        look = {"color": color, "linestyle": dashes, "linewidth": 2.0}
        paths.append((name, array[index].reshape(-1, d)[:, :2], look))
    for name, path, look in paths:
        # Futures start where the observed path ends.
        joined = path if name == "observed" else np.concatenate([observed[-1:], path])
        ax.plot(*joined.T, label=plain(name) if labelled else "_", **look)  # type: ignore[arg-type]
        if name != "observed":
            ax.plot(*joined[-1], "o", color=look["color"], markersize=3.5)
    frame(ax, np.concatenate([path for _, path, _ in paths]))


def frame(ax: Axes, points: np.ndarray) -> None:
    """Makes equal axes without ticks around some points, with a bar of a round length.

    Args:
        ax: Where the paths are drawn.
        points: (n, 2) in metres; those that are not finite do not count.
    """
    points = points[np.isfinite(points).all(axis=1)]
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    half = max(0.58 * float(np.ptp(points, axis=0).max()), SMALLEST)
    left, bottom = centre - half
    ax.set_xlim(left, left + 2 * half)
    ax.set_ylim(bottom - BAR_ROOM * half, bottom + 2 * half)
    ax.set_aspect("equal")
    ax.grid(visible=False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[["top", "right", "left", "bottom"]].set_visible(False)
    length = round_length(half / 2)
    x, y = left + 0.06 * half, bottom - 0.2 * half
    ax.plot([x, x + length], [y, y], color=INK, linewidth=1.6, solid_capstyle="butt")
    ax.text(x + length + 0.06 * half, y, f"{number(length)} m", va="center", fontsize=8.5)


def round_length(length: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is at most ``length`` (positive).

    Example:
        >>> round_length(37.0), round_length(0.9)
        (20.0, 0.5)
    """
    power = 10.0 ** math.floor(math.log10(length))
    return max(step * power for step in (1, 2, 5) if step * power <= length * (1 + 1e-9))
