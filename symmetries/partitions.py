"""Partitions of whole numbers and their standard tableaux, which count invariants.

By Schur-Weyl duality (Weyl, *The Classical Groups*) the invariants of O(n) in T(2k) number one for
each standard tableau with 2k boxes, even rows and at most n rows; those of Sp(m) likewise with even
columns and at most 2m rows; those of GL(n) in T(k, k) one for each pair of standard tableaux of the
same shape with k boxes and at most n rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import factorial, prod


def partitions(n: int, rows: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Yields the falling sequences of at most ``rows`` positive whole numbers with sum n."""
    if n == 0:
        yield ()
    elif rows:
        for first in range(min(n, largest or n), 0, -1):
            for rest in partitions(n - first, rows - 1, first):
                yield (first, *rest)


def tableaux(shape: Sequence[int]) -> int:
    """Number of standard tableaux of a shape, by the hook length formula."""
    columns = [sum(row > j for row in shape) for j in range(shape[0])] if shape else []
    # the hook of box (i, j): the boxes to its right, those below it, and itself
    hooks = [row - j + columns[j] - i - 1 for i, row in enumerate(shape) for j in range(row)]
    return factorial(sum(shape)) // prod(hooks)


def pairings_count(rank: int, dim: int, skew: bool) -> int:
    """Number of invariants of a given rank under O(dim), or Sp(dim / 2) if ``skew``."""
    if rank % 2:
        return 0
    if skew:  # columns have even length where each row occurs twice
        halves = partitions(rank // 2, dim // 2)
        return sum(tableaux([row for row in shape for _ in range(2)]) for shape in halves)
    return sum(tableaux([2 * row for row in shape]) for shape in partitions(rank // 2, dim))


def permutations_count(k: int, dim: int) -> int:
    """Number of invariants of T(k, k) under GL(dim)."""
    return sum(tableaux(shape) ** 2 for shape in partitions(k, dim))
