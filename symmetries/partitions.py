"""Partitions of whole numbers and their standard tableaux, which count invariants.

The invariants of O(n) in T(2k) decompose by Schur-Weyl duality: one standard tableau for each shape
of 2k boxes with even rows and at most n of them; those of Sp(m) likewise with even columns and at
most 2m rows; those of GL(n) in T(k, k) one pair of tableaux for each shape of at most n rows
(Weyl, *The Classical Groups*).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import factorial, prod


def partitions(n: int, rows: int, largest: int | None = None) -> Iterator[tuple[int, ...]]:
    """Ways to write n as a falling sum of at most so many positive whole numbers."""
    if n == 0:
        yield ()
    elif rows:
        for first in range(min(n, largest or n), 0, -1):
            for rest in partitions(n - first, rows - 1, first):
                yield (first, *rest)


def tableaux(shape: Sequence[int]) -> int:
    """Number of standard tableaux of a shape, by the hook length formula."""
    columns = [sum(row > j for row in shape) for j in range(shape[0])] if shape else []
    hooks = [row - j + columns[j] - i - 1 for i, row in enumerate(shape) for j in range(row)]
    return factorial(sum(shape)) // prod(hooks)


def pairings_count(rank: int, dim: int, skew: bool) -> int:
    """Invariants of a form among the tensors of a rank: of O(n), or of Sp if it is ``skew``."""
    if rank % 2:
        return 0
    if skew:  # columns of even length: each row twice
        doubled = (
            tuple(row for row in shape for _ in range(2))
            for shape in partitions(rank // 2, dim // 2)
        )
    else:
        doubled = (tuple(2 * row for row in shape) for shape in partitions(rank // 2, dim))
    return sum(map(tableaux, doubled))


def permutations_count(k: int, dim: int) -> int:
    """Invariants of GL(n) in T(k, k)."""
    return sum(tableaux(shape) ** 2 for shape in partitions(k, dim))
