"""Solves for the invariants of one type of tensor, checks the answer and remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import prod

import torch
from torch import Tensor

from softsym.symmetries import disk_cache
from softsym.symmetries.blocks import forget_blocks
from softsym.symmetries.constraints import residual, restricted
from softsym.symmetries.group import Group
from softsym.symmetries.kronecker import kron
from softsym.symmetries.limits import require_memory
from softsym.symmetries.null_space import null_space
from softsym.symmetries.own_types import require_representation
from softsym.symmetries.representations import Outer, Rep, T

WIDEST_SEARCH = 2000
"""Largest search space in which invariants are looked for, in vectors."""

TOLERANCE = 1e-9
"""Largest entry that the constraints may leave of a basis vector."""


def scattered(size: int, blocks: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """One basis (size, r) from those of disjoint parts of the vector.

    Args:
        size: Length of the whole vector.
        blocks: For each kind of part where its copies stand, (copies, s) int64, and the basis
            (s, r) of each.
    """
    whole = torch.zeros(
        size, sum(len(index) * basis.shape[1] for index, basis in blocks), dtype=torch.float64
    )
    offset = 0
    for index, basis in blocks:
        copies, rank = len(index), basis.shape[1]
        columns = offset + torch.arange(copies * rank).reshape(copies, 1, rank)
        whole[index[:, :, None], columns] = basis.expand(copies, -1, -1)
        offset += copies * rank
    return whole


def kron_of_bases(bases: Sequence[Tensor]) -> Tensor:
    """Basis of the products of vectors over different spaces.

    Raises:
        TooLargeError: If it is too large.
    """
    size, rank = (prod(basis.shape[axis] for basis in bases) for axis in (0, 1))
    require_memory(2 * size * rank, f"The product of bases, {size} x {rank},", "Use lower ranks.")
    return reduce(kron, bases)


def tensor_basis(G: Group, tensor: Rep) -> Tensor:
    """Orthonormal basis of the invariants of one type of tensor, (size, r) float64.

    Args:
        G: The group.
        tensor: T(p, q), a type of one's own, or a product of these.

    Raises:
        ValueError: If the type is no representation of the group, or the solution fails its check.
        TooLargeError: If the basis, or what it takes to find it, is too large.
    """
    if isinstance(tensor, Outer):
        parts = zip(G.factors, tensor.parts, strict=True)
        return kron_of_bases([tensor_basis(factor, part) for factor, part in parts])
    if isinstance(tensor, T) and G.is_orthogonal:
        # inverse transpose is the matrix itself: vector and dual indices are the same
        tensor = T(tensor.rank)
    try:
        hash(tensor)
    except TypeError:
        raise ValueError(
            f"A type of your own must be hashable by content; {type(tensor).__name__} is not. "
            "Write @dataclass(frozen=True) above its class."
        ) from None
    return _solve(G, tensor, G.identity)


def forget_bases() -> None:
    """Gives back the memory of all bases solved so far in this process."""
    _solve.cache_clear()
    forget_blocks()


@lru_cache(maxsize=512)
def _solve(G: Group, tensor: Rep, identity: str) -> Tensor:
    """The basis; equal groups that find it in other ways keep bases of their own."""
    size = tensor.size(G.space)
    require_memory(4 * size, f"Solving for {tensor} over R^{G.dim}", "Use lower ranks.")
    if not isinstance(tensor, T):
        require_representation(G, tensor)
        return _checked(G, tensor, null_space(G, tensor))
    stored = disk_cache.load(G, tensor)
    if stored is not None and residual(G, tensor, stored) <= TOLERANCE:
        return stored
    basis = _checked(G, tensor, _invariants(G, tensor))
    disk_cache.store(G, tensor, basis)
    return basis


def _invariants(G: Group, tensor: T) -> Tensor:
    """The basis by closed form, within a search space, or as the null space of all constraints."""
    basis = G.closed_form(tensor.p, tensor.q)
    if basis is not None:
        return basis
    space = G.search_space(tensor.p, tensor.q)
    if space is not None and space.shape[1] <= WIDEST_SEARCH:
        return restricted(G, tensor, space)
    return null_space(G, tensor)


def _checked(G: Group, tensor: Rep, basis: Tensor) -> Tensor:
    left = residual(G, tensor, basis)
    if left > TOLERANCE or not torch.isfinite(basis).all():
        raise ValueError(
            f"The basis of {tensor} under {G} misses its constraints by {left:.1e} "
            f"(at most {TOLERANCE:.0e} is allowed). Are the generators those of a closed group, "
            "exact to the last digit, and types of your own computed in float64?"
        )
    return basis
