"""Errors relative to the spread of a function about the invariant part of its mean.

For outputs y = f(x), errors e, and the projection P_G onto invariant outputs,

    error = sqrt(E |e|^2 / 2) / sqrt(E |y - P_G E y|^2).

With e = f(g x) - g f(x), an invariant law of x and orthogonal outputs, E |e|^2 / 2 is E |f - Q f|^2
for the projection Q onto equivariant functions: the error is the relative break of f. A constant
that the group keeps is in neither part, so units and offsets do not matter.

The parts are accumulated as moments, whose merging (Chan, Golub and LeVeque, 1979) is exact under
offsets that exceed the spread by many orders, over batches and over processes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.metrics.rounding import MEANINGFUL
from softsym.metrics.type_checks import terms
from softsym.symmetries import Group, Rep, project

ROWS = 6
"""Of the moments: count, mean, squares about it, squared errors, largest and rounding's squares."""

CONSTANT = 4.0
"""Outputs that vary by less than this many last digits count as constant."""


def no_moments(size: int) -> Tensor:
    """The :func:`moments` of no sample, (6, size out)."""
    return torch.zeros(ROWS, size, dtype=torch.float64)


def moments(squares: Tensor, y: Tensor, varied: Tensor) -> Tensor:
    """What :func:`relative_to_spread` needs, (6, size out) float64, for each output.

    Args:
        squares: Half the squared error of each output, (n, size out).
        y: Outputs (n, size out), in the dtype in which the function computes.
        varied: Of each output, :func:`softsym.metrics.rounding.variations`, (n, size out).
    """
    values, eps = y.double(), torch.finfo(y.dtype).eps
    mean = values.mean(0)
    # rounding errors of a sum are those of its terms (varied), and of the sum itself
    rounding = (MEANINGFUL * eps * varied).square() + (CONSTANT * eps * values).square()
    sums = (
        *((values - mean).square(), squares.double()),
        *(varied.square() + values.square(), rounding),
    )
    count = torch.full_like(mean, len(y))
    return torch.stack([count, mean, *(each.sum(0) for each in sums)])


def merged(parts: Tensor) -> Tensor:
    """Merges the moments of several sets of samples, (parts, 6, size out), into those of all."""
    counts, means = parts[:, 0], parts[:, 1]
    together = parts.sum(0)
    mean = (counts * means).sum(0) / together[0].clamp_min(1)
    together[1] = mean
    together[2] += (counts * (means - mean).square()).sum(0)
    return together


def relative_to_spread(sums: Tensor, G: Group, R: Rep) -> Tensor:
    """The error of all outputs together, from moments (6, size out).

    Where the outputs vary by rounding alone, the divisor is how much they would vary if every
    input changed by its own size, and how large they are.
    """
    return _ratio(*_parts(sums, G, R).sum(1))


def by_block(sums: Tensor, G: Group, R: Rep) -> dict[str, float]:
    """The error of each term of the outputs' type relative to its own spread, from moments."""
    parts = _parts(sums, G, R)
    named = terms(R.over(G), G.space)
    return {name: float(_ratio(*parts[:, columns].sum(1))) for name, columns, _ in named}


def _parts(sums: Tensor, G: Group, R: Rep) -> Tensor:
    """What :func:`_ratio` takes, of each output, (4, size out)."""
    count, mean, about_mean, squares, largest, rounding = sums
    spread = about_mean + count * (mean - project(G, R, mean)).square()
    return torch.stack([squares, spread, largest, rounding])


def _ratio(error: Tensor, spread: Tensor, largest: Tensor, rounding: Tensor) -> Tensor:
    divisor = torch.where(spread > rounding, spread, largest)
    # 0 / 0 is 0: a constant function is equivariant. NaN is kept: one that fails is not.
    return torch.where(error == 0, error, error / divisor).sqrt()
