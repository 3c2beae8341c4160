"""Predictions against the truth."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from softsym.reporting.number_format import number
from softsym.reporting.palette import INK, MUTED, SERIES, small_multiples, styled
from softsym.reporting.predictions import Predictions
from softsym.reporting.summary import RunSummary

# Targets with more components than this are pooled in one panel.
PANELS = 12
# Points over all panels: each takes some hundred bytes of the report.
POINTS = 3000

Panel = tuple[str, np.ndarray, np.ndarray]
"""Title, targets (m,) and outputs (m,)."""


def panels(predictions: Predictions) -> list[Panel]:
    """One panel per component; for tracks one per coordinate, with all times together."""
    targets, outputs = predictions.targets, predictions.outputs
    if predictions.track_dim is not None:
        d = predictions.track_dim
        return [
            (f"{axis} (m)", targets[:, i::d].ravel(), outputs[:, i::d].ravel())
            for i, axis in enumerate("xyz"[:d])
        ]
    if targets.shape[1] > PANELS:
        return [(f"all {targets.shape[1]} components", targets.ravel(), outputs.ravel())]
    return [(f"component {i}", targets[:, i], outputs[:, i]) for i in range(targets.shape[1])]


def fit_text(target: np.ndarray, output: np.ndarray) -> str:
    """R^2 of outputs for targets, both (m,); the root mean square error if targets are constant."""
    mean_square = float(np.mean((target - output) ** 2))
    variance = float(np.var(target))
    # float32 rounding alone gives a variance of this order, relative to the size of the numbers
    if variance <= 1e-12 * float(np.mean(target**2)):
        return f"constant, RMSE {number(math.sqrt(mean_square))}"
    return f"R² {1 - mean_square / variance:.3f}"


@styled
def predictions_figure(summary: RunSummary) -> Figure | None:
    """Scatter of model outputs over the truth in small multiples, None without predictions."""
    if summary.predictions is None:
        return None
    drawn = [
        (title, target[good], output[good])
        for title, target, output in panels(summary.predictions)
        if (good := np.isfinite(target) & np.isfinite(output)).any()
    ]
    if not drawn:
        return None
    columns = min(3, len(drawn))
    width = {1: 4.2, 2: 6.4, 3: 7.6}[columns]
    height = math.ceil(len(drawn) / columns) * width / columns + 0.3
    figure, axes = small_multiples(len(drawn), (width, height))
    for ax, panel in zip(axes, drawn, strict=True):
        _draw(ax, panel, POINTS // len(drawn))
    figure.supxlabel("truth", fontsize=9.5)
    figure.supylabel("prediction", fontsize=9.5)
    return figure


def _draw(ax: Axes, panel: Panel, points: int) -> None:
    """One scatter, with the line of perfect predictions."""
    title, target, output = panel
    shown = np.random.default_rng(0).permutation(len(target))[:points]
    low = min(target[shown].min(), output[shown].min())
    high = max(target[shown].max(), output[shown].max())
    air = 0.05 * (high - low) or 0.5
    limits = (low - air, high + air)
    ax.plot(limits, limits, color=MUTED, linewidth=1.0, linestyle=(0, (4, 2)))
    ax.plot(target[shown], output[shown], ".", color=SERIES[0], alpha=0.45, markersize=4.5, mew=0)
    ax.set(xlim=limits, ylim=limits, box_aspect=1)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(4))
        axis.set_major_formatter(lambda value, _: number(value))
    ax.set_title(f"{title}\n{fit_text(target, output)}", loc="left", color=INK)
