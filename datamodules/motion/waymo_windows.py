r"""The paper's Waymo recipe: from a record to normalised windows of 12 points.

For each agent that is valid over the first 24 steps, every second step is taken: 6 observed and 6
future points, 0.2 s apart. With :math:`m` the trajectory's mean, a window becomes, axis by axis,

.. math:: y_t = (x_t - s\,m - \mu) / \sigma,

with the scale :math:`s`, mean :math:`\mu` and deviation :math:`\sigma` of a :class:`Normalisation`.
Source: Kim et al. 2023 (arXiv 2306.00356), experiments on motion.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from softsym.datamodules.motion.waymo_records import WaymoRecord

log = logging.getLogger(__name__)

HISTORY, FUTURE = 6, 6
"""Number of observed and of predicted points."""

STRIDE = 2
"""Steps of 0.1 s between two points."""

STEPS = STRIDE * (HISTORY + FUTURE)

CENTRINGS = ("paper", "history")
"""``paper`` subtracts the mean of all points, which reveals a little of the future to the input;
``history`` the mean of the observed points."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Normalisation:
    """Constants of a normalisation, one number for each of x, y, z."""

    mean: Triple  # subtracted, in metres
    std: Triple  # divisor, in metres
    mean_scale: Triple = (1.0, 1.0, 1.0)  # of the trajectory's mean before it is subtracted


NORMALISATIONS = {
    "symm_aware": Normalisation((0.0, 0.0, 0.0), (1.05, 1.05, 1.05)),
    "scale_aware": Normalisation((0.0, 0.0, 0.0), (1.23, 1.34, 0.05)),
    "symm_scale_aware": Normalisation((0.0, 0.0, -0.23), (1.31, 1.31, 1.31), (1.0, 1.0, 0.993)),
}
"""The paper's normalisations, with its constants."""

COMPUTED = "computed_"
COMPUTED_FROM = 200_000
"""Number of evenly spaced windows that give three digits of the constants."""

CHOICES = (*NORMALISATIONS, *(COMPUTED + name for name in NORMALISATIONS))


def cut_windows(record: WaymoRecord, min_dz: float = 0.05, max_dxy: float = 5.0) -> np.ndarray:
    """Cuts the windows of agents that change their height and are not too fast.

    From the first to the sixth point, z changes by more than ``min_dz`` metres, x and y by less
    than ``max_dxy``. Returns float32 (n, 12, 3) in metres, in the frame and order of the record.
    """
    seen = record.valid[:, :STEPS].all(axis=1)
    windows = record.positions[seen, :STEPS:STRIDE].astype(np.float32)
    change = np.abs(windows[:, HISTORY - 1] - windows[:, 0])
    moves = (change[:, 2] > min_dz) & (change[:, :2] < max_dxy).all(axis=1)
    return windows[moves & np.isfinite(windows).all(axis=(1, 2))]


def normalise(windows: np.ndarray, constants: Normalisation, centring: str) -> np.ndarray:
    """Centres and scales windows (n, 12, 3) in metres; float32 of the same shape, without unit.

    Computes in float32, as the original did, which costs digits far from the origin of the map.
    """
    scale, mean, std = (
        np.array(numbers, np.float32)
        for numbers in (constants.mean_scale, constants.mean, constants.std)
    )
    values = np.asarray(windows, np.float32)
    result = values - scale * _centre(values, centring)
    result -= mean  # in place, because there may be millions of windows
    result /= std
    return result


def computed_normalisation(name: str, windows: np.ndarray, centring: str) -> Normalisation:
    r"""Computes the constants of a normalisation from training windows, by the paper's rules.

    With :math:`r = x - m` and root mean squares over all windows and points:

    - symm_aware: :math:`\mu = 0` and one :math:`\sigma`, the root mean square of r over the axes.
      (The paper's 1.05 is that of its 1.23, 1.34 and 0.05.)
    - scale_aware: :math:`\mu = 0` and one :math:`\sigma` per axis.
    - symm_scale_aware: a share 1 - s of the trajectory's height stays in z, so that z spreads as
      much as x and y do; :math:`\mu_z` makes the mean of z zero; one :math:`\sigma`. The paper does
      not explain its s = 0.993; this rule is ours.
    """
    if len(windows) == 0:
        raise ValueError("The constants cannot be computed: there are no training windows.")
    every = len(windows) // COMPUTED_FROM + 1
    values = np.asarray(windows[::every], np.float64)
    centre = _centre(values, centring)
    rest = values - centre
    std = np.sqrt((rest**2).mean(axis=(0, 1)))
    if (std == 0).any():
        raise ValueError(
            "The constants cannot be computed: the training windows do not move along "
            f"{', '.join('xyz'[i] for i in np.flatnonzero(std == 0))}. Name one of the paper's "
            f"instead: {', '.join(NORMALISATIONS)}."
        )
    if name == "symm_aware":
        return Normalisation((0.0, 0.0, 0.0), _root_mean_square(std))
    if name == "scale_aware":
        x, y, z = std.tolist()
        return Normalisation((0.0, 0.0, 0.0), (x, y, z))
    share = _share_of_height(rest[..., 2], centre[..., 2], np.sqrt((std[:2] ** 2).mean()))
    height = rest[..., 2] + share * centre[..., 2]
    std[2] = height.std()
    mean = (0.0, 0.0, float(height.mean()))
    return Normalisation(mean, _root_mean_square(std), (1.0, 1.0, 1.0 - share))


def _centre(windows: np.ndarray, centring: str) -> np.ndarray:
    """Computes the mean (n, 1, 3) of each trajectory."""
    points = windows if centring == "paper" else windows[:, :HISTORY]
    return points.mean(axis=1, keepdims=True)


def _share_of_height(rest: np.ndarray, centre: np.ndarray, wanted: float) -> float:
    """Solves for the c in [0, 1] that gives rest + c * centre the wanted deviation.

    Its variance is a parabola in c, a c^2 + 2 b c + var(rest).
    """
    centred = centre - centre.mean()
    a, b = (centred**2).mean(), ((rest - rest.mean()) * centred).mean()
    missing = wanted**2 - rest.var()
    share = (np.sqrt(max(b**2 + a * missing, 0.0)) - b) / a if a > 0 else 1.0
    if not 0.0 <= share <= 1.0:
        log.warning(
            "Heights of the trajectories deviate by %.3g m, from which z cannot be made as wide as "
            "x and y (%.3g m); the share of the height that stays is limited to [0, 1].",
            np.sqrt(a),
            wanted,
        )
    return float(np.clip(share, 0.0, 1.0))


def _root_mean_square(std: np.ndarray) -> Triple:
    """Averages the axes; returns the same number for each of them."""
    value = float(np.sqrt((std**2).mean()))
    return value, value, value
