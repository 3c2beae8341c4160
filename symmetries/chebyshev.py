"""Null space of a large symmetric operator by filtered subspace iteration.

Each round multiplies a block of vectors by a polynomial of the operator that is one at zero and
small on the rest of the spectrum: the scaled Chebyshev polynomial of Zhou, Saad, Tiago and
Chelikowsky (2006, J. Comput. Phys. 219, 172-184). The block is then rotated to its Ritz vectors. It
is wider than the null space, so that its largest Ritz value bounds the rest of the spectrum from
below.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from softsym.symmetries.limits import require_memory

Operator = Callable[[Tensor], Tensor]

ROUNDS = 40
"""Most rounds of filtering; 2 to 8 were enough for every spectrum with a gap that was tried."""

MARGIN = 8
"""Number of vectors outside the null space that the block must hold."""

DEGREES = (24, 300)
"""Least and greatest degree of the polynomial; a smaller gap above zero needs a higher one."""


class NotSeparatedError(ValueError):
    """The null space is too large, or too near the rest of the spectrum, for the filter."""


def filtered_null_space(apply: Operator, size: int) -> Tensor:
    """Orthonormal basis (size, r) of the null space of a positive semidefinite operator.

    Args:
        apply: Multiplies vectors (size, n) by the operator.
        size: Length of the vectors.

    Raises:
        TooLargeError: If the block that the null space needs is too large.
        NotSeparatedError: If the null space does not separate from the rest.
    """
    random = torch.Generator().manual_seed(0)
    block = torch.linalg.qr(_randn(size, 4 * MARGIN, random)).Q
    largest = _largest_eigenvalue(apply, size, random)
    # the first cut is a guess; later ones are the largest Ritz value of the block
    cut, before = 0.05 * largest, (-1, 0.0)
    for _ in range(ROUNDS):
        block = torch.linalg.qr(_filter(apply, block, cut, largest)).Q
        values, turn = torch.linalg.eigh(block.T @ apply(block))
        block = block @ turn
        # rounding leaves about 1e-16 of the largest eigenvalue on null vectors
        null = int((values < 1e-13 * largest).sum())
        # between 1e-13 and 1e-6 a vector may still be on its way into the null space
        if int((values < 1e-6 * largest).sum()) > len(values) - MARGIN:
            require_memory(
                6 * size * 2 * len(values),
                f"A null space of more than {null} of {size} numbers",
                "Use tensors of lower rank.",
            )
            if 2 * len(values) > size:
                break
            block = torch.linalg.qr(torch.cat([block, _randn(size, len(values), random)], 1)).Q
            continue
        # the smallest value above zero falls while the block lacks a vector near the null space
        gap = float(values[null])
        if null == before[0] and abs(gap - before[1]) < 1e-2 * gap:
            return block[:, :null].contiguous()
        cut, before = float(values[-1]), (null, gap)
    raise NotSeparatedError(
        f"The invariants do not separate from other vectors of {size} numbers: the smallest "
        f"constraints are {values[: before[0] + 3].clamp_min(0).sqrt().tolist()}. "
        "Are the generators exact?"
    )


def _filter(apply: Operator, v: Tensor, cut: float, largest: float) -> Tensor:
    """Multiplies v by the polynomial that is one at zero and least on [cut, largest]."""
    # degree k damps the rest by about cosh(2 k sqrt(cut / largest)): here by 27 or more
    degree = int(min(max(2 * (largest / cut) ** 0.5, DEGREES[0]), DEGREES[1]))
    half, centre = (largest - cut) / 2, (largest + cut) / 2
    # the three-term recurrence of T_k(x) / T_k(-centre / half); its scale sigma avoids overflow
    first = sigma = -half / centre
    last, v = v, (apply(v) - centre * v) * (sigma / half)
    for _ in range(degree - 1):
        following = 1.0 / (2.0 / first - sigma)
        step = (apply(v) - centre * v) * (2 * following / half) - (sigma * following) * last
        last, v, sigma = v, step, following
    return v


def _largest_eigenvalue(apply: Operator, size: int, random: torch.Generator) -> float:
    """An upper estimate of the largest eigenvalue, by 30 power iterations."""
    v = _randn(size, 1, random)
    for _ in range(30):
        v = apply(v / v.norm())
    # they approach from below (within 2% on random operators), and the polynomial explodes above
    # its interval: 20% on top keep all eigenvalues inside
    return 1.2 * float(v.norm())


def _randn(size: int, n: int, random: torch.Generator) -> Tensor:
    return torch.randn(size, n, generator=random, dtype=torch.float64)
