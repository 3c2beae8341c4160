"""Units of the coordinates in which all entries of a group's generators are of like size.

In coordinates with units u, entry (i, j) of a generator is multiplied by u_j / u_i. No rank depends
on units, but an entry of 1e-10 beside 1, as in a boost with 1 / c^2 for c = 1e5, would be taken for
a rounding error. The solver therefore works in the units found here.
"""

from __future__ import annotations

import torch
from scipy.sparse.csgraph import connected_components
from torch import Tensor

ALIKE = 64.0
"""Largest quotient of a generator's entries that needs no other units.

The solver tells entries of 1e-4 from rounding errors with certainty.
"""

ROUNDS = 1000
"""Most rounds of balancing. Two coordinates need one round, chains of n about n^2."""


def balancing_units(algebra: Tensor, discrete: Tensor) -> Tensor:
    """Finds units u (d,), powers of two, so that no rounding occurs; all 1 if none are needed.

    Args:
        algebra: Infinitesimal generators (k, d, d); the size of each as a whole plays no part.
        discrete: Discrete generators (m, d, d).
    """
    entries = torch.cat([algebra, discrete]).abs()
    smallest = torch.where(entries > 0, entries, torch.inf).flatten(1).amin(1)
    if not (entries.flatten(1).amax(1) > ALIKE * smallest).any():
        return torch.ones(entries.shape[-1], dtype=torch.float64)
    logs = entries.log2()
    # coordinates that act on each other, by a cycle, determine their units; the others follow
    linked = entries.amax(0).numpy() > 0
    label = torch.from_numpy(connected_components(linked, connection="strong")[1]).long()
    inside = torch.where(label[:, None] == label, logs, -torch.inf)
    x = _within_components(inside, len(algebra))
    x = x + _between_components(logs, inside, x, label, len(algebra))[label]
    x = (x - x.mean()).round()
    return x.exp2() if x.abs().max() > 1 else torch.ones_like(x)


def rescale(matrices: Tensor, units: Tensor) -> Tensor:
    """The matrices (n, d, d) in coordinates with other units (d,)."""
    return matrices * units / units[:, None]


def _within_components(inside: Tensor, infinitesimal: int) -> Tensor:
    """Balances rows and columns (Osborne 1960, J. ACM 7, 338), of all matrices together.

    Args:
        inside: Logarithms to base 2 of the entries (n, d, d), -inf for none.
        infinitesimal: Number of matrices, the first ones, whose size as a whole plays no part.
    """
    x = torch.zeros(inside.shape[-1], dtype=torch.float64)
    for _ in range(ROUNDS):
        moved = inside + x - x[:, None]
        moved = moved - _sizes(moved, infinitesimal)[:, None, None]
        squares = moved.mul(2).exp2().sum(0).fill_diagonal_(0.0)  # units leave the diagonal alone
        # half of the step that balances one coordinate, since its neighbours move as well
        step = (squares.sum(1) / squares.sum(0)).log2() / 8
        step = torch.where(step.isfinite(), step, 0.0)
        x = x + step
        if step.abs().max() < 0.05:
            break
    return x


def _between_components(
    logs: Tensor, inside: Tensor, x: Tensor, label: Tensor, infinitesimal: int
) -> Tensor:
    """Shifts (components,) that bring the entries between components to their generator's size.

    Least squares of the logarithms. The size of an infinitesimal generator without entries inside
    of a component is one more unknown.
    """
    moved = logs + x - x[:, None]
    sizes = _sizes(inside + x - x[:, None], infinitesimal)
    n, i, j = (moved.isfinite() & ~inside.isfinite()).nonzero().T
    components, rows = int(label.max()) + 1, torch.arange(len(n))
    unknown = ~inside.isfinite().flatten(1).any(1)
    unknown[infinitesimal:] = False
    equations = torch.zeros(len(n), components + len(logs), dtype=torch.float64)
    equations[rows, label[j]] = 1.0
    equations[rows, label[i]] = -1.0
    equations[rows, components + n] = -unknown[n].double()
    wanted = (sizes[n] - moved[n, i, j])[:, None]
    # of minimal norm, since adding a number to all shifts changes nothing
    solution = torch.linalg.lstsq(equations, wanted, driver="gelsd").solution
    return solution[:components, 0]


def _sizes(moved: Tensor, infinitesimal: int) -> Tensor:
    """Logarithm of the largest entry of each infinitesimal generator; 0 for discrete ones."""
    sizes = moved.flatten(1).amax(1)
    sizes[infinitesimal:] = 0.0
    return torch.where(sizes.isfinite(), sizes, 0.0)
