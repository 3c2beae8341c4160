"""Which tensors a feature vector holds, and where their numbers stand in it.

Every type falls into tensors: T(p, q), types of one's own, and products of these. A basis is
solved for each of them once, whatever the vector.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import prod

import torch
from torch import Tensor

from softsym.symmetries.elements import Space, whole_dim
from softsym.symmetries.representations import (
    Dual,
    Outer,
    Product,
    Rep,
    Scalar,
    Sum,
    T,
    outer,
    product,
)

REMEMBERED = 2**18
"""Numbers of a representation up to which its tables are kept for the next call."""

Blocks = dict[Rep, Tensor]
"""For each type of tensor, where its copies' numbers stand: (copies, size) int64."""


def tensor_blocks(R: Rep, space: Space) -> Blocks:
    """Positions of every tensor in the flattened vector, vector axes first, row-major.

    The tensors of a product are those of its expansion: the product of a copy of T(p, q) and a
    copy of T(r, s) is one tensor T(p + r, q + s).

    Args:
        R: A representation that holds no names of groups (see :meth:`Rep.over`).
        space: Dimension of the base space, or of each factor of it.
    """
    # the tables of a wide layer's weight would take twice its memory as long as they are kept
    return _remembered(R, space) if R.size(space) <= REMEMBERED else _found(R, space)


def _found(R: Rep, space: Space) -> Blocks:
    match R:
        case Sum():
            return _sum_blocks(R, space)
        case Product():
            return reduce(
                lambda left, right: _product_blocks(left, right, space),
                (tensor_blocks(part, space) for part in R.parts),
            )
        case Outer():
            return _outer_blocks(R, space)
        case Dual(of=T(p=p, q=q)):
            return {T(q, p): _dual_order(p, q, whole_dim(space))[None]}
    return {R: torch.arange(R.size(space))[None]}


_remembered = lru_cache(maxsize=256)(_found)


def forget_blocks() -> None:
    """Forgets all tables."""
    _remembered.cache_clear()


def factors_first(rank: int, space: tuple[int, ...]) -> Tensor:
    """The order that brings the indices of a tensor over a tensor product of spaces together.

    Args:
        rank: Number of indices, each running over the whole space.
        space: Dimension of each factor.

    Returns:
        For each number, with all indices of the first factor first, its row-major place.
    """
    n = len(space)
    axes = torch.arange(prod(space) ** rank).reshape([*space * rank])
    by_factor = [k * n + i for i in range(n) for k in range(rank)]
    return axes.permute(by_factor).reshape(-1)


def _sum_blocks(R: Sum, space: Space) -> Blocks:
    found, offset = [], 0
    for count, term in R.terms:
        size = term.size(space)
        starts = offset + size * torch.arange(count)
        for tensor, index in tensor_blocks(term, space).items():
            copies = starts[:, None, None] + index[None]
            found.append((tensor, copies.reshape(-1, index.shape[-1])))
        offset += count * size
    return _collected(found)


def _outer_blocks(R: Outer, space: Space) -> Blocks:
    R.size(space)  # says what is wrong with the space
    dims = space if isinstance(space, tuple) else (space,)
    found: list[tuple[list[Rep], Tensor]] = [([], torch.zeros(1, 1, dtype=torch.int64))]
    for part, dim in zip(R.parts, dims, strict=True):
        found = [
            ([*tensors, tensor], _pairs(index, part.size(dim), inner))
            for tensors, index in found
            for tensor, inner in tensor_blocks(part, dim).items()
        ]
    return _collected([(outer(tensors), index) for tensors, index in found])


def _product_blocks(left: Blocks, right: Blocks, space: Space) -> Blocks:
    found = []
    right_size = sum(index.numel() for index in right.values())
    for a, index_a in left.items():
        for b, index_b in right.items():
            tensor, order = _joined(a, b, space)
            found.append((tensor, _pairs(index_a, right_size, index_b)[:, order]))
    return _collected(found)


def _pairs(left: Tensor, right_size: int, right: Tensor) -> Tensor:
    """Positions of the products of copies, (copies of both, size of both)."""
    pairs = left[:, None, :, None] * right_size + right[None, :, None, :]
    return pairs.reshape(left.shape[0] * right.shape[0], -1)


def _collected(parts: Sequence[tuple[Rep, Tensor]]) -> Blocks:
    """Copies of the same type in one table."""
    found: dict[Rep, list[Tensor]] = {}
    for tensor, index in parts:
        found.setdefault(tensor, []).append(index)
    return {tensor: torch.cat(tables) for tensor, tables in found.items()}


def _joined(a: Rep, b: Rep, space: Space) -> tuple[Rep, Tensor]:
    """The type of a (x) b, and which number of the row-major product each of its numbers is."""
    plain = torch.arange(a.size(space) * b.size(space))
    if Scalar in (a, b):
        return (a if b == Scalar else b), plain
    if isinstance(a, T) and isinstance(b, T):
        axes = plain.reshape([whole_dim(space)] * (a.rank + b.rank))
        return T(a.p + b.p, a.q + b.q), axes.permute(_vector_axes_first(a, b)).reshape(-1)
    if isinstance(space, tuple) and isinstance(a, T | Outer) and isinstance(b, T | Outer):
        pairs = plain.reshape(a.size(space), b.size(space))
        (parts_a, order_a), (parts_b, order_b) = (_by_factor(x, space) for x in (a, b))
        tensor, order = _joined_by_factor(parts_a, parts_b, space)
        return tensor, pairs[order_a[:, None], order_b].reshape(-1)[order]
    return product([a, b]), plain


def _joined_by_factor(
    a: Sequence[Rep], b: Sequence[Rep], space: tuple[int, ...]
) -> tuple[Rep, Tensor]:
    n = len(space)
    sizes = [part.size(d) for parts in (a, b) for part, d in zip(parts, space, strict=True)]
    axes = torch.arange(prod(sizes)).reshape(sizes)
    axes = axes.permute([axis for i in range(n) for axis in (i, n + i)])
    axes = axes.reshape([sizes[i] * sizes[n + i] for i in range(n)])
    parts = []
    for i, dim in enumerate(space):
        tensor, order = _joined(a[i], b[i], dim)
        parts.append(tensor)
        axes = axes.index_select(i, order)
    return outer(parts), axes.reshape(-1)


def _by_factor(tensor: T | Outer, space: tuple[int, ...]) -> tuple[Sequence[Rep], Tensor]:
    """The parts of a tensor over each factor of the space, and the order that sorts it so."""
    if isinstance(tensor, Outer):
        return tensor.parts, torch.arange(tensor.size(space))
    return [tensor] * len(space), factors_first(tensor.rank, space)


def _vector_axes_first(a: T, b: T) -> list[int]:
    """Order of the axes of a (x) b that brings vector indices before dual ones."""
    start = a.rank
    vectors = [*range(a.p), *range(start, start + b.p)]
    duals = [*range(a.p, start), *range(start + b.p, start + b.rank)]
    return vectors + duals


def _dual_order(p: int, q: int, dim: int) -> Tensor:
    """Where the numbers of T(q, p) stand in the dual of T(p, q)."""
    axes = torch.arange(dim ** (p + q)).reshape([dim] * (p + q))
    return axes.permute([*range(p, p + q), *range(p)]).reshape(-1)
