"""How asymmetric a function is on held-out samples, quickly: for use while it is being trained.

The numbers are those of :mod:`softsym.metrics.symmetry_tests.statistics`, from one element for each
sample and copy of Qf, without bounds and without weights for inputs that do not look like moved
ones. So they say nothing of whether a symmetry holds, which is what the symmetry test is for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.model import as_function, evaluating
from softsym.metrics.symmetry_tests.projection import project_function
from softsym.metrics.symmetry_tests.samples import Samples, prepare
from softsym.metrics.symmetry_tests.statistics import clustered_mean, products, total_variance
from softsym.symmetries import Group, Rep
from softsym.symmetries.moving_frame import NoFrameError
from softsym.symmetries.orbit_moves import mover

NONE = 1e-12
"""An asymmetry up to this is rounding, of which no share can be told."""


@dataclass(frozen=True)
class Asymmetry:
    """What held-out samples say of f - Qf, the part of a function that breaks a symmetry.

    Attributes:
        square: 2 E|f - Qf|^2 / E|y - Ey|^2. Where the law of the inputs is invariant, this is
            E|rho(g)^-1 f(g x) - f(x)|^2 / E|y - Ey|^2: what a ``FunctionRegularizer`` measures.
        estimate: Relative break of the targets as seen along f - Qf, at least 0; at most the true
            one, up to noise.
        alpha: Share of symmetrising f that lowers its held-out error most, the least squares of
            y - f on Qf - f; NaN where there is no asymmetry.
        alpha_error: Standard error of ``alpha``.
    """

    square: float
    estimate: float
    alpha: float
    alpha_error: float


def asymmetries(
    model: Callable[..., Any],
    x: Tensor,
    y: Tensor,
    groups: Mapping[str, Group],
    types: tuple[Rep, Rep],
    clusters: Tensor | None = None,
    seed: int = 0,
) -> tuple[float, dict[str, Asymmetry]]:
    """Measures a function on held-out samples.

    Args:
        model: The function, (n, size in) to (n, size out).
        x: Inputs (n, size in).
        y: Targets (n, size out).
        groups: Candidates by name.
        types: Types of inputs and targets.
        clusters: Labels (n,) of samples that depend on each other.
        seed: Seed of the elements.

    Returns:
        The share of the targets' variance that the function leaves unexplained, 1 - R^2, and the
        asymmetry under each group; groups without a projection are left out.

    Raises:
        ValueError: If samples are too few, constant, or do not fit the types.
    """
    first = next(iter(groups.values()))
    over = types[0].over(first), types[1].over(first)
    samples = prepare(x.double(), y.double(), clusters, None, *over, first.space)
    generator, found = torch.Generator().manual_seed(seed), {}
    with evaluating(model):
        f = as_function(model, x, samples.x_scale, samples.y_scale)
        values = f(samples.x)
        for name, G in groups.items():
            try:
                by = mover(G, *types, samples.x)
            except NoFrameError:
                continue
            pool = by.frames(samples.x)
            q1, q2 = (project_function(f, samples.x, by, 1, generator, pool) for _ in range(2))
            found[name] = _asymmetry(samples, values, q1, q2)
    left = (samples.y - values).square().sum(1).mean()
    return float(left) / total_variance(samples.y), found


def _asymmetry(samples: Samples, f: Tensor, q1: Tensor, q2: Tensor) -> Asymmetry:
    y, spread = samples.y, total_variance(samples.y)
    z, v, pull = products(y, f, (q1, q2), (q1, q2))
    size = float(v.mean())
    if size <= NONE * spread:
        return Asymmetry(max(2 * size / spread, 0.0), 0.0, math.nan, math.nan)
    alpha = float(pull.mean()) / size
    error = clustered_mean((pull - alpha * v) / size, samples.clusters).error
    estimate = max(float(z.mean()), 0.0) / math.sqrt(size * spread)
    return Asymmetry(2 * size / spread, estimate, alpha, error)
