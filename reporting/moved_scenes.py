"""The same scene moved by a group, with the model's answers carried back: the error as one sees it.

For an input x and group elements g the figure shows the paths ``rho_out(g)^-1 f(rho_in(g) x)``.
A model that keeps the symmetry gives one path; of any other they are a fan.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from softsym.reporting.number_format import number
from softsym.reporting.palette import INK, SERIES, legend_above, plain, styled
from softsym.reporting.summary import Predictions, RunSummary, labels
from softsym.reporting.tracks import BAR_ROOM, PREDICTED, TRUE, frame

COLUMNS = 4
CARRIED_BACK = SERIES[2]
PLANES = {"xy": [0, 1], "xz": [0, 2], "yz": [1, 2]}
# Another view than that from above has to show so much more of the fan.
CLEARER = 1.1


@styled
def moved_scenes_figure(summary: RunSummary) -> Figure | None:
    """Fans of answers, a column for each symmetry and a row for each sample; None without any.

    More symmetries than fit beside each other go on below. Tracks in space are seen from above,
    unless the fans of a symmetry show better in another plane; which it is stands in each panel.
    The window holds the future, so that of a longer past only the end is seen.
    """
    predictions = summary.predictions
    if predictions is None or predictions.track_dim is None or not len(predictions.moved_samples):
        return None
    names, shown = list(predictions.moved), labels(summary.symmetries)
    if not names:
        return None
    blocks = math.ceil(len(names) / COLUMNS)
    columns = math.ceil(len(names) / blocks)
    samples = len(predictions.moved_samples)
    # One column alone would be narrower than the legend.
    width = max(7.6 * columns / COLUMNS, 4.6)
    figure = Figure(figsize=(width, 0.5 + blocks * (0.25 + samples * 2.2)), layout="constrained")
    for i, name in enumerate(names):
        plane, header = best_plane(predictions, name), _wrapped(plain(shown.get(name, name)))
        for row in range(samples):
            place = (i // columns * samples + row) * columns + i % columns
            ax = figure.add_subplot(blocks * samples, columns, place + 1)
            _panel(ax, predictions, name, row, PLANES[plane], labelled=i == row == 0)
            if predictions.track_dim == 3:
                _in_corner(ax, f"seen in {plane}")
            spread = _text(spreads(predictions, name)[row])
            ax.set_title(f"{header}\n{spread}" if row == 0 else spread, loc="left")
    legend_above(figure, 4 if columns == COLUMNS else 2)
    return figure


def spreads(predictions: Predictions, name: str) -> np.ndarray:
    """Mean distance of the carried-back answers from the plain prediction, metres, (m,).

    Args:
        predictions: tracks, with ``moved`` answers.
        name: of the symmetry.
    """
    return np.linalg.norm(_deviations(predictions, name), axis=-1).mean(axis=(1, 2))


def best_plane(predictions: Predictions, name: str) -> str:
    """The plane, ``xy``, ``xz`` or ``yz``, that shows most of a symmetry's fans."""
    if predictions.track_dim != 3:
        return "xy"
    apart = _deviations(predictions, name)
    sizes = {plane: np.linalg.norm(apart[..., c], axis=-1).mean() for plane, c in PLANES.items()}
    best = max(sizes, key=lambda plane: float(sizes[plane]))
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

    def path(numbers: np.ndarray) -> np.ndarray:
        return numbers.reshape(-1, predictions.track_dim or 1)[:, axes]

    def draw(label: str, points: np.ndarray, dot: float, **look: object) -> None:
        ax.plot(*points.T, label=label if labelled else "_", **look)  # type: ignore[arg-type]
        ax.plot(*points[-1:].T, "o", color=look["color"], markersize=dot)

    observed = path(predictions.inputs[index])
    futures = [path(predictions.targets[index]), path(predictions.outputs[index])]
    fan = [path(answer) for answer in predictions.moved[name][row]]
    true, predicted, *fan_paths = (np.concatenate([observed[-1:], p]) for p in [*futures, *fan])
    draw("observed", observed, 0, color=INK, linewidth=2.4)
    draw("true", true, 3.5, color=TRUE, linewidth=2.0)
    for i, answer in enumerate(fan_paths):
        label = "moved, answered, carried back" if i == 0 else "_"
        draw(label, answer, 2.2, color=CARRIED_BACK, linewidth=0.9)
    # Above the fan, or it could not be seen where all lie on one another.
    draw("predicted", predicted, 3.5, color=PREDICTED, linewidth=2.0, linestyle=(0, (4, 1.5)))
    frame(ax, np.concatenate([observed[-2:], *futures, *fan]))
    _end_above_the_bar(ax)


def _end_above_the_bar(ax: Axes) -> None:
    """Cuts off the observed path, the first line of the panel, where it would cross the bar."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    bottom = low + (high - low) * BAR_ROOM / (2 + BAR_ROOM)
    window = Rectangle((left, bottom), right - left, high - bottom, transform=ax.transData)
    ax.lines[0].set_clip_path(window)


def _in_corner(ax: Axes, text: str) -> None:
    """At the height of the scale bar, right."""
    ax.text(1.0, 0.045, text, transform=ax.transAxes, ha="right", va="center", fontsize=8.5)


def _text(spread: float) -> str:
    """What stands above a panel."""
    return f"spread {number(spread)} m" if math.isfinite(spread) else "spread not finite"


def _wrapped(label: str, room: int = 20) -> str:
    """A group made of many goes on below."""
    return label if len(label) <= room else label.replace("*", "*\n")
