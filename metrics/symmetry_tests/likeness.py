"""Whether inputs look like moved inputs: a regression that tries to tell them apart."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

LANDMARKS, ROUNDS = 200, 25
RIDGE = 1e-2
"""Ridge of the logistic regression, per row: weights that noise alone moves stay near zero."""
FINE_RIDGE = 0.25
"""Ridge for weights of moved inputs, whose bias would pass for a break: normal weights of
variance 4."""
LARGEST_LOGIT = 6.0
"""No single sample counts for more than odds of exp(6)."""
ROWS = 8000


@dataclass(frozen=True)
class Likeness:
    """A fitted logistic regression that tells inputs from moved inputs.

    Call it on rows (n, size) for log p(x) / p_moved(x), (n,), the log-density of inputs against
    that of moved ones.
    """

    center: Tensor
    scale: Tensor
    landmarks: Tensor
    length: float
    weights: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Log-density of inputs over that of moved inputs at x (n, size), (n,)."""
        logits = [
            _features((rows - self.center) / self.scale, self.landmarks, self.length) @ self.weights
            for rows in x.split(ROWS)
        ]
        return torch.cat(logits).clamp(-LARGEST_LOGIT, LARGEST_LOGIT)


def fit_likeness(
    x: Tensor, moved: Tensor, generator: torch.Generator, ridge: float | None = None
) -> Likeness:
    """Fits log p(x) / p_moved(x) from inputs and moved inputs, each (n, size).

    A logistic regression on the inputs, their squares and Gaussian bumps at some of them, by
    Newton's method.
    """
    rows = torch.randperm(len(x), generator=generator)[:ROWS]
    x, moved = x[rows], moved[rows]
    both = torch.cat([x, moved])
    center, scale = both.mean(0), both.std(0)
    scale = torch.where(scale > 1e-9 * (center.abs() + scale), scale, torch.inf)
    both = (both - center) / scale
    landmarks = both[torch.randperm(len(both), generator=generator)[:LANDMARKS]]
    length = float(torch.cdist(landmarks, landmarks).median().clamp(min=1e-6))
    features = _features(both, landmarks, length)
    target = torch.cat([torch.ones(len(x)), torch.zeros(len(moved))]).double()
    weights = features.new_zeros(features.shape[1])
    size = features.square().mean(0)
    # a constant column, such as the origin of a track, is 0 here: any ridge keeps its weight at 0
    scale_of_ridge = RIDGE * len(both) if ridge is None else ridge
    penalty = scale_of_ridge * torch.diag(torch.where(size > 0, size, 1.0))
    penalty[0, 0] = 1e-9 * len(both)
    for _ in range(ROUNDS):
        share = torch.sigmoid(features @ weights)
        gradient = features.T @ (share - target) + penalty @ weights
        curvature = (features * (share * (1 - share)).clamp(min=1e-4)[:, None]).T @ features
        step = torch.linalg.solve(curvature + penalty, gradient)
        weights = weights - step
        if float(step.abs().max()) < 1e-6:
            break
    return Likeness(center, scale, landmarks, length, weights)


def _features(z: Tensor, landmarks: Tensor, length: float) -> Tensor:
    bumps = torch.exp(-torch.cdist(z, landmarks).square() / (2 * length**2))
    return torch.cat([torch.ones_like(z[:, :1]), z, z.square(), bumps], 1)
