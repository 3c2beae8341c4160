"""Where inputs are: whether they look like moved inputs, and where on its orbit each of them lies.

Both are regressions that try to tell inputs from moved ones, on the same features: the inputs,
their squares, and Gaussian bumps at some of them. The first compares the laws of all inputs and of
all moved ones, and is judged on held-out inputs. The second compares an input only with where it is
moved to, and so learns nothing but the law of the position on an orbit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.charts import center_and_scale

LANDMARKS, ROUNDS = 200, 25
RIDGE = 1e-2
"""Ridge of the logistic regression, per row: weights that noise alone moves stay near zero."""
FINE_RIDGE = 0.25
"""Ridge for positions on orbits, whose bias would pass for a break: normal weights of variance
4."""
LARGEST_LOGIT = 6.0
"""No single sample counts for more than odds of exp(6)."""
ROWS, POSITIONS = 8000, 4000
"""Most inputs to fit to: of the two laws, and of the positions on orbits."""
CONVERGED = 1e-5


@dataclass(frozen=True)
class Features:
    """Standardised inputs, their squares, and Gaussian bumps; call it on rows (n, size)."""

    center: Tensor
    scale: Tensor
    landmarks: Tensor
    length: float

    @classmethod
    def of(cls, x: Tensor, generator: torch.Generator) -> Features:
        """Chooses the bumps among rows x (n, size)."""
        center, scale = center_and_scale(x)
        some = x[torch.randperm(len(x), generator=generator)[:LANDMARKS]]
        landmarks = (some - center) / scale
        length = float(torch.cdist(landmarks, landmarks).median().clamp(min=1e-6))
        return cls(center, scale, landmarks, length)

    def __call__(self, x: Tensor) -> Tensor:
        """Features (n, 2 size + landmarks) of rows x (n, size)."""
        z = (x - self.center) / self.scale
        squared = torch.cdist(z, self.landmarks).square()
        return torch.cat([z, z.square(), torch.exp(-squared / (2 * self.length**2))], 1)


@dataclass(frozen=True)
class Density:
    """A log-density, up to a constant that does not matter; call it on rows (n, size)."""

    features: Features
    weights: Tensor
    constant: float = 0.0

    def __call__(self, x: Tensor) -> Tensor:
        """The log-density at x (n, size), (n,)."""
        logits = [self.features(rows) @ self.weights for rows in x.split(ROWS)]
        return torch.cat(logits) + self.constant


def fit_likeness(
    x: Tensor, moved: Tensor, generator: torch.Generator
) -> Callable[[Tensor], Tensor]:
    """Fits log p(x) / p_moved(x) from inputs and moved inputs, each (n, size).

    A logistic regression, by Newton's method. What is returned maps rows (n, size) to (n,).
    """
    rows = torch.randperm(len(x), generator=generator)[:ROWS]
    both = torch.cat([x[rows], moved[rows]])
    features = Features.of(both, generator)
    table = torch.cat([features(both), torch.ones_like(both[:, :1])], 1)
    target = (torch.arange(len(both)) < len(rows)).double()
    ridge = torch.full((table.shape[1],), RIDGE * len(both), dtype=table.dtype)
    ridge[-1] = 1e-9 * len(both)

    def newton(weights: Tensor) -> tuple[Tensor, Tensor]:
        share = torch.sigmoid(table @ weights)
        curved = table * (share * (1 - share)).clamp(min=1e-4)[:, None]
        return table.T @ (share - target), curved.T @ table

    weights = _minimised(newton, ridge)
    density = Density(features, weights[:-1], float(weights[-1]))
    return lambda x: density(x).clamp(-LARGEST_LOGIT, LARGEST_LOGIT)


def fit_positions(x: Tensor, moved: Sequence[Tensor], generator: torch.Generator) -> Density:
    """Fits the log-density of inputs along their orbits, against that of moved ones.

    A conditional logistic regression (McFadden 1974): of x and the places where it was moved to,
    which is the input? What does not change along orbits falls out, so that it may be anything.

    Args:
        x: Inputs (n, size).
        moved: The inputs moved by one element each, (n, size) each.
        generator: Chooses rows and bumps.
    """
    rows = torch.randperm(len(x), generator=generator)[:POSITIONS]
    places = torch.cat([x[rows], *(each[rows] for each in moved)])
    features = Features.of(places, generator)
    table = features(places).view(1 + len(moved), len(rows), -1)
    table = table - table.mean(0)
    ridge = torch.full(table.shape[2:], FINE_RIDGE, dtype=table.dtype)

    def newton(weights: Tensor) -> tuple[Tensor, Tensor]:
        odds = (table @ weights).softmax(0)[..., None]
        mean = (odds * table).sum(0)
        spread = (odds.sqrt() * table).flatten(0, 1)
        return (mean - table[0]).sum(0), spread.T @ spread - mean.T @ mean

    return Density(features, _minimised(newton, ridge))


def _minimised(newton: Callable[[Tensor], tuple[Tensor, Tensor]], ridge: Tensor) -> Tensor:
    """Weights where the gradient that ``newton`` gives beside the curvature meets the ridge."""
    weights = torch.zeros_like(ridge)
    for _ in range(ROUNDS):
        gradient, curvature = newton(weights)
        step = torch.linalg.solve(curvature + torch.diag(ridge), gradient + ridge * weights)
        weights = weights - step
        if float(step.abs().max()) < CONVERGED:
            break
    return weights
