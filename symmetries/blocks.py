"""Splits a feature vector into tensors, and says where the numbers of each tensor are.

Every type is a sum of tensors: T(p, q), the user's own types, and products of these. A basis is
solved once for each kind of tensor, however many copies the vector holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import prod

import torch
from torch import Tensor

from softsym.symmetries.elements import Space, whole_dim
from softsym.symmetries.representations import Dual, Outer, Product, Rep, Sum, T, outer, product

REMEMBERED = 2**18
"""Largest representation, in numbers, whose tables are kept for the next call."""

Blocks = dict[Rep, Tensor]
"""For each kind of tensor, the positions of its copies in the vector: (copies, size) int64."""


def tensor_blocks(R: Rep, space: Space) -> Blocks:
    """Positions of every tensor in the flattened vector, vector axes first, row-major.

    Products are multiplied out: a copy of T(p, q) times a copy of T(r, s) is one tensor
    T(p + r, q + s).

    Args:
        R: A representation that holds no names of groups (see :meth:`Rep.over`).
        space: Dimension of the base space, or of each factor of it.
    """
    # the tables of a wide layer's weight would take twice its memory as long as they are kept
    return cached_blocks(R, space) if R.size(space) <= REMEMBERED else _blocks(R, space)


def _blocks(R: Rep, space: Space) -> Blocks:
    match R:
        case Sum():
            return _sum_blocks(R, space)
        case Product():
            blocks = (tensor_blocks(part, space) for part in R.parts)
            return reduce(lambda left, right: _product_blocks(left, right, space), blocks)
        case Outer():
            return _outer_blocks(R, space)
        case Dual(of=T(p=p, q=q)):
            # the dual of T(p, q) has its q vector indices last, T(q, p) has them first
            sizes = [whole_dim(space)] * (p + q)
            return {T(q, p): _transposed(sizes, [*range(p, p + q), *range(p)])[None]}
    return {R: torch.arange(R.size(space))[None]}


cached_blocks = lru_cache(maxsize=256)(_blocks)


def factors_first(rank: int, space: tuple[int, ...]) -> Tensor:
    """Order that sorts a tensor over a tensor product of spaces by factor.

    Args:
        rank: Number of indices, each running over the whole space.
        space: Dimension of each factor.

    Returns:
        The row-major place of each number, when all indices of the first factor come first.
    """
    n = len(space)
    return _transposed(space * rank, [k * n + i for i in range(n) for k in range(rank)])


def _transposed(sizes: Sequence[int], axes: Sequence[int]) -> Tensor:
    """The row-major place of each number, when the axes of an array come in this order."""
    return torch.arange(prod(sizes)).reshape([*sizes]).permute([*axes]).reshape(-1)


def _sum_blocks(R: Sum, space: Space) -> Blocks:
    tables, offset = [], 0
    for count, term in R.terms:
        size = term.size(space)
        starts = offset + size * torch.arange(count)
        for tensor, index in tensor_blocks(term, space).items():
            copies = starts[:, None, None] + index[None]
            tables.append((tensor, copies.reshape(-1, index.shape[-1])))
        offset += count * size
    return _merged(tables)


def _outer_blocks(R: Outer, space: Space) -> Blocks:
    R.size(space)  # raises the error that says what is wrong with the space
    dims = space if isinstance(space, tuple) else (space,)
    tables: list[tuple[list[Rep], Tensor]] = [([], torch.zeros(1, 1, dtype=torch.int64))]
    for part, dim in zip(R.parts, dims, strict=True):
        tables = [
            ([*tensors, tensor], _pair_positions(index, part.size(dim), inner))
            for tensors, index in tables
            for tensor, inner in tensor_blocks(part, dim).items()
        ]
    return _merged([(outer(tensors), index) for tensors, index in tables])


def _product_blocks(left: Blocks, right: Blocks, space: Space) -> Blocks:
    tables = []
    right_size = sum(index.numel() for index in right.values())
    for a, index_a in left.items():
        for b, index_b in right.items():
            tensor, order = _multiply(a, b, space)
            tables.append((tensor, _pair_positions(index_a, right_size, index_b)[:, order]))
    return _merged(tables)


def _pair_positions(left: Tensor, right_size: int, right: Tensor) -> Tensor:
    """Positions of the products of all pairs of copies, (copies of both, size of both)."""
    pairs = left[:, None, :, None] * right_size + right[None, :, None, :]
    return pairs.reshape(left.shape[0] * right.shape[0], -1)


def _merged(tables: Sequence[tuple[Rep, Tensor]]) -> Blocks:
    """One table for each kind of tensor, kinds in the order of their first copy."""
    by_kind: dict[Rep, list[Tensor]] = {}
    for tensor, index in tables:
        by_kind.setdefault(tensor, []).append(index)
    return {tensor: torch.cat(copies) for tensor, copies in by_kind.items()}


def _multiply(a: Rep, b: Rep, space: Space) -> tuple[Rep, Tensor]:
    """The kind of tensor that a (x) b is, and the place of each of its numbers in the product."""
    plain = torch.arange(a.size(space) * b.size(space))
    if T(0) in (a, b):
        return (a if b == T(0) else b), plain
    if isinstance(a, T) and isinstance(b, T):
        # vector indices of both come first, then dual indices of both
        n, both = a.rank, a.rank + b.rank
        axes = [*range(a.p), *range(n, n + b.p), *range(a.p, n), *range(n + b.p, both)]
        return T(a.p + b.p, a.q + b.q), _transposed([whole_dim(space)] * both, axes)
    if isinstance(space, tuple) and isinstance(a, T | Outer) and isinstance(b, T | Outer):
        # factor by factor: (R x S) (R' x S') is R R' x S S'
        pairs = plain.reshape(a.size(space), b.size(space))
        (parts_a, order_a), (parts_b, order_b) = (_split(tensor, space) for tensor in (a, b))
        tensor, order = _multiply_factors(parts_a, parts_b, space)
        return tensor, pairs[order_a[:, None], order_b].reshape(-1)[order]
    return product([a, b]), plain  # types of the user's own have no indices to sort


def _multiply_factors(
    a: Sequence[Rep], b: Sequence[Rep], space: tuple[int, ...]
) -> tuple[Rep, Tensor]:
    n = len(space)
    sizes = [part.size(d) for parts in (a, b) for part, d in zip(parts, space, strict=True)]
    # side by side: the axis of a and that of b over the same factor
    axes = _transposed(sizes, [axis for i in range(n) for axis in (i, n + i)])
    axes = axes.reshape([sizes[i] * sizes[n + i] for i in range(n)])
    parts = []
    for i, dim in enumerate(space):
        tensor, order = _multiply(a[i], b[i], dim)
        parts.append(tensor)
        axes = axes.index_select(i, order)
    return outer(parts), axes.reshape(-1)


def _split(tensor: T | Outer, space: tuple[int, ...]) -> tuple[Sequence[Rep], Tensor]:
    """The tensor's part over each factor of the space, and the order that sorts it by factor."""
    if isinstance(tensor, Outer):
        return tensor.parts, torch.arange(tensor.size(space))
    return [tensor] * len(space), factors_first(tensor.rank, space)
