"""A scene moved by a group, with the model's answers carried back: the error made visible.

For an input x and group elements g the figure shows the paths ``rho_out(g)^-1 f(rho_in(g) x)``.
A model that keeps the symmetry gives one path; any other gives a fan.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from softsym.reporting.number_format import number, percent
from softsym.reporting.palette import SERIES, legend_above, plain, styled
from softsym.reporting.predictions import Predictions
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import labels
from softsym.reporting.tracks import BAR_ROOM, PREDICTED, TRUE, Future, draw_scene, frame

COLUMNS = 4
PLANES = {"xy": [0, 1], "xz": [0, 2], "yz": [1, 2]}
# A plane other than the view from above must show the fans this factor larger to be chosen.
CLEARER = 1.1


@styled
def moved_scenes_figure(summary: RunSummary) -> Figure | None:
    """Fans of answers, a column for each symmetry and a row for each sample; None without any.

    Tracks in space are seen from above unless another plane shows the fans of a symmetry better.
    The window is fitted to the future, so only the end of a longer past is visible.
    """
    predictions = summary.predictions
    if predictions is None or predictions.track_dim is None or not len(predictions.moved_samples):
        return None
    names, groups = list(predictions.moved), labels(summary.symmetries)
    if not names:
        return None
    blocks = math.ceil(len(names) / COLUMNS)
    columns = math.ceil(len(names) / blocks)
    samples = len(predictions.moved_samples)
    # one column alone would be narrower than the legend
    width = max(7.6 * columns / COLUMNS, 4.6)
    figure = Figure(figsize=(width, 0.5 + blocks * (0.25 + samples * 2.2)), layout="constrained")
    for i, name in enumerate(names):
        plane, header = best_plane(predictions, name), plain(groups.get(name, name))
        if len(header) > 20:  # a group made of several continues on the next line
            header = header.replace("*", "*\n")
        for row in range(samples):
            place = (i // columns * samples + row) * columns + i % columns
            ax = figure.add_subplot(blocks * samples, columns, place + 1)
            _panel(ax, predictions, name, row, PLANES[plane], labelled=i == row == 0)
            if predictions.track_dim == 3:
                # in the corner right of the scale bar
                ax.text(
                    1.0, 0.045, f"seen in {plane}", transform=ax.transAxes,
                    ha="right", va="center", fontsize=8.5,
                )  # fmt: skip
            text = _text(fans(predictions, name)[row], relative_errors(predictions, name)[row])
            ax.set_title(f"{header}\n{text}" if row == 0 else text, loc="left")
    legend_above(figure, 4 if columns == COLUMNS else 2)
    return figure


def _text(fan: float, share: float) -> str:
    if not math.isfinite(fan):
        return "fan not finite"
    return f"fan {number(fan)} m" + (f" ({percent(share)})" if math.isfinite(share) else "")


def fans(predictions: Predictions, name: str) -> np.ndarray:
    """Mean distance of a symmetry's answers from the plain prediction, metres, (m,)."""
    return np.linalg.norm(_deviations(predictions, name), axis=-1).mean(axis=(1, 2))


def relative_errors(predictions: Predictions, name: str) -> np.ndarray:
    """Equivariance error of each sample, relative to the spread of all predictions, (m,).

    The root of half the mean squared difference of the answers, as in
    :func:`softsym.metrics.equivariance_error`, over that of predictions from their mean.
    """
    away = predictions.outputs - predictions.outputs.mean(0)
    spread = np.square(away).sum(1).mean()
    squares = np.square(_deviations(predictions, name)).sum(axis=(2, 3)).mean(1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(squares / spread)


def best_plane(predictions: Predictions, name: str) -> str:
    """The plane, ``xy``, ``xz`` or ``yz``, that shows a symmetry's fans largest."""
    if predictions.track_dim != 3:
        return "xy"
    apart = _deviations(predictions, name)
    sizes = {p: np.linalg.norm(apart[..., axes], axis=-1).mean() for p, axes in PLANES.items()}
    best = max(sizes, key=lambda plane: sizes[plane])
    return best if sizes[best] > CLEARER * sizes["xy"] else "xy"


def _deviations(predictions: Predictions, name: str) -> np.ndarray:
    """Carried-back answers minus plain ones, (m, elements, time, track_dim)."""
    plain_answers = predictions.outputs[predictions.moved_samples][:, None]
    apart = predictions.moved[name] - plain_answers
    return apart.reshape(*apart.shape[:2], -1, predictions.track_dim or 1)


def _panel(
    ax: Axes, predictions: Predictions, name: str, row: int, axes: list[int], *, labelled: bool
) -> None:
    """Observed, true and predicted path of one sample, and the fan of one symmetry."""
    index = predictions.moved_samples[row]
    observed, true, predicted, *fan = (
        numbers.reshape(-1, predictions.track_dim or 1)[:, axes]
        for numbers in (
            *(predictions.inputs[index], predictions.targets[index], predictions.outputs[index]),
            *predictions.moved[name][row],
        )
    )
    look = {"color": SERIES[2], "linewidth": 0.9}
    labels_of_fan = ["moved, answered, carried back", *[""] * (len(fan) - 1)]
    futures: list[Future] = [
        ("true", true, 3.5, TRUE),
        *((label, path, 2.2, look) for label, path in zip(labels_of_fan, fan, strict=False)),
        # drawn above the fan, which would hide it where all paths coincide
        ("predicted", predicted, 3.5, PREDICTED),
    ]
    draw_scene(ax, observed, futures, labelled=labelled)
    frame(ax, np.concatenate([observed[-2:], true, predicted, *fan]))
    _end_above_the_bar(ax)


def _end_above_the_bar(ax: Axes) -> None:
    """Clips the observed path, the first line of the panel, where it would cross the bar."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    bottom = low + (high - low) * BAR_ROOM / (2 + BAR_ROOM)
    window = Rectangle((left, bottom), right - left, high - bottom, transform=ax.transData)
    ax.lines[0].set_clip_path(window)
