"""Null space of a large symmetric operator by filtered subspace iteration.

A block of random vectors is multiplied by a polynomial of the operator that is one at zero and
small on the rest of the spectrum, the scaled Chebyshev polynomial of Zhou, Saad, Tiago and
Chelikowsky (2006, J. Comput. Phys. 219, 172-184), and then turned to its Ritz vectors. The block is
wider than the null space, so its largest Ritz value tells where the rest of the spectrum starts.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from softsym.symmetries.limits import require_memory

Operator = Callable[[Tensor], Tensor]

ROUNDS, MARGIN = 40, 8

DEGREES = (24, 300)
"""Least and greatest degree of the polynomial; the nearer the rest of the spectrum, the higher."""


class NotSeparatedError(ValueError):
    """The null space is too large, or too near the rest of the spectrum, for the filter."""


def filtered_null_space(apply: Operator, size: int) -> Tensor:
    """Orthonormal basis (size, r) of the null space of a positive semidefinite operator.

    Args:
        apply: Multiplies vectors (size, n) by the operator.
        size: Their length.

    Raises:
        TooLargeError: If the block that the null space needs is too large.
        NotSeparatedError: If the null space does not separate from the rest.
    """
    random = torch.Generator().manual_seed(0)
    block = _orthonormal(_randn(size, 4 * MARGIN, random))
    largest = _largest_eigenvalue(apply, size, random)
    cut, before = 0.05 * largest, (-1, 0.0)
    for _ in range(ROUNDS):
        block = _orthonormal(_filtered(apply, block, cut, largest))
        values, turn = torch.linalg.eigh(block.T @ apply(block))
        block = block @ turn
        null = int((values < 1e-13 * largest).sum())
        if int((values < 1e-6 * largest).sum()) > len(values) - MARGIN:
            require_memory(
                6 * size * 2 * len(values),
                f"A null space of more than {null} of {size} numbers",
                "Use tensors of lower rank.",
            )
            if 2 * len(values) > size:
                break
            block = _orthonormal(torch.cat([block, _randn(size, len(values), random)], 1))
            continue
        gap = float(values[null])
        if null == before[0] and abs(gap - before[1]) < 1e-2 * gap:
            return block[:, :null].contiguous()
        cut, before = float(values[-1]), (null, gap)
    raise NotSeparatedError(
        f"The invariants do not separate from other vectors of {size} numbers: the smallest "
        f"constraints are {values[: before[0] + 3].clamp_min(0).sqrt().tolist()}. "
        "Are the generators exact?"
    )


def _filtered(apply: Operator, v: Tensor, cut: float, largest: float) -> Tensor:
    """The polynomial of its degree that is one at zero and least on [cut, largest]."""
    degree = int(min(max(2 * (largest / cut) ** 0.5, DEGREES[0]), DEGREES[1]))
    half, centre = (largest - cut) / 2, (largest + cut) / 2
    first = sigma = -half / centre
    last, v = v, (apply(v) - centre * v) * (sigma / half)
    for _ in range(degree - 1):
        following = 1.0 / (2.0 / first - sigma)
        step = (apply(v) - centre * v) * (2 * following / half) - (sigma * following) * last
        last, v, sigma = v, step, following
    return v


def _largest_eigenvalue(apply: Operator, size: int, random: torch.Generator) -> float:
    """An upper estimate, by power iteration and a margin."""
    v = _randn(size, 1, random)
    for _ in range(30):
        v = apply(v / v.norm())
    return 1.2 * float(v.norm())


def _orthonormal(v: Tensor) -> Tensor:
    return torch.linalg.qr(v).Q


def _randn(size: int, n: int, random: torch.Generator) -> Tensor:
    return torch.randn(size, n, generator=random, dtype=torch.float64)
