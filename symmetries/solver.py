"""Solves for the invariants of one type of tensor, checks the solution and remembers it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import prod

import torch
from scipy import linalg
from torch import Tensor

from softsym.symmetries import disk_cache
from softsym.symmetries.blocks import cached_blocks
from softsym.symmetries.completeness import spans_all
from softsym.symmetries.constraints import invariants_within, residual
from softsym.symmetries.group import Generated, Group
from softsym.symmetries.kronecker import kron
from softsym.symmetries.limits import require_memory
from softsym.symmetries.null_space import null_space
from softsym.symmetries.own_types import require_representation
from softsym.symmetries.representations import Outer, Rep, T
from softsym.symmetries.units import rescale

WIDEST_SEARCH = 2000
"""Largest dimension of a space that is searched for invariants, by a dense eigenproblem."""

TOLERANCE = 1e-9
"""Largest entry of C Q that is accepted where the rank of Q is known."""

ROUNDING = 1e-12
"""Largest entry of C Q that is taken for rounding where the entry decides the rank.

For tensors of up to a hundred numbers, and in proportion for larger ones. Solutions miss by about
1e-14, vectors that are not invariant by 3e-5 or more (see ``NULL`` of the constraints). Between the
two nothing tells a small constraint from an inexact generator: the solver refuses.
"""


def scatter_bases(size: int, blocks: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """Joins bases of disjoint parts of a vector to one basis (size, r).

    Args:
        size: Length of the whole vector.
        blocks: For each kind of part the positions of its copies, (copies, s) int64, and the
            basis (s, r) of each copy.
    """
    total = sum(len(index) * basis.shape[1] for index, basis in blocks)
    whole, offset = torch.zeros(size, total, dtype=torch.float64), 0
    for index, basis in blocks:
        copies, rank = len(index), basis.shape[1]
        # every copy has columns of its own, zero outside of the copy's positions
        columns = offset + torch.arange(copies * rank).reshape(copies, 1, rank)
        whole[index[:, :, None], columns] = basis.expand(copies, -1, -1)
        offset += copies * rank
    return whole


def kron_of_bases(bases: Sequence[Tensor]) -> Tensor:
    """Basis of the products of vectors over different spaces, refused if it is too large."""
    size, rank = (prod(basis.shape[axis] for basis in bases) for axis in (0, 1))
    require_memory(2 * size * rank, f"The product of bases, {size} x {rank},", "Use lower ranks.")
    return reduce(kron, bases)


def tensor_basis(G: Group, tensor: Rep) -> Tensor:
    """Orthonormal basis of the invariants of one type of tensor, (size, r) float64.

    Args:
        G: The group.
        tensor: T(p, q), a type of the user's own, or a product of these.

    Raises:
        ValueError: If the type is no representation of the group, or the solution fails its check.
        TooLargeError: If the basis, or a step on the way to it, is too large.
    """
    if isinstance(tensor, Outer):
        # g and h vary independently, so that invariants of R x S are products of invariants
        parts = zip(G.factors, tensor.parts, strict=True)
        return kron_of_bases([tensor_basis(factor, part) for factor, part in parts])
    if isinstance(tensor, T) and G.is_orthogonal:
        # an orthogonal matrix is its inverse transpose: vector and dual indices are the same
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
    """Frees the memory of all bases solved so far in this process."""
    _solve.cache_clear()
    cached_blocks.cache_clear()


@lru_cache(maxsize=512)
def _solve(G: Group, tensor: Rep, identity: str) -> Tensor:
    """The basis, remembered for the group and its ``identity`` (see :attr:`Group.identity`)."""
    size = tensor.size(G.space)
    require_memory(4 * size, f"Solving for {tensor} over R^{G.dim}", "Use lower ranks.")
    if not isinstance(tensor, T):
        require_representation(G, tensor)
        return _of_decided_rank(G, tensor, null_space(G, tensor))
    stored = disk_cache.load(G, tensor)
    if stored is not None:
        if residual(G, tensor, stored) <= TOLERANCE and spans_all(G, tensor, stored):
            return stored
        disk_cache.reject(G, tensor, "is not that of all invariants")
    basis = _invariants(G, tensor)
    disk_cache.store(G, tensor, basis)
    return basis


def _invariants(G: Group, tensor: T) -> Tensor:
    """The basis by closed form, by search in a smaller space, or as the whole null space."""
    basis = G.closed_form(tensor.p, tensor.q)
    if basis is not None:
        return _require_invariant(G, tensor, basis, TOLERANCE)
    if (G.units != 1).any():
        return _in_balanced_units(G, tensor)
    space = G.search_space(tensor.p, tensor.q)
    if space is not None and space.shape[1] <= WIDEST_SEARCH:
        return _of_decided_rank(G, tensor, invariants_within(G, tensor, space))
    return _of_decided_rank(G, tensor, null_space(G, tensor))


def _in_balanced_units(G: Group, tensor: T) -> Tensor:
    """Solves in the units of :attr:`Group.units`, and orthonormalises in those of the group."""
    none = torch.zeros(0, G.dim, G.dim, dtype=torch.float64)
    algebra, discrete = (rescale(m, G.units) for m in (G.lie_algebra, G.discrete_generators))
    # generated by its generators one by one, which need no check of their commutators
    parts = [Group(G.dim, A[None]) for A in algebra]
    balanced = Generated(*parts, Group(G.dim, none, discrete))
    balanced.name = f"{G} in balanced units"
    basis = _of_decided_rank(balanced, tensor, null_space(balanced, tensor))
    # a vector's numbers grow with the units, those of a dual vector shrink
    scales = [G.units] * tensor.p + [1 / G.units] * tensor.q
    factors = reduce(torch.kron, scales, torch.ones(1, dtype=torch.float64))[:, None]
    basis = _orthonormal(factors * basis)
    back = torch.nn.functional.normalize(basis / factors, dim=0)
    _require_invariant(balanced, tensor, back, TOLERANCE)
    # products with the given matrices carry rounding errors of the size of their entries
    largest = float(G.discrete_generators.abs().amax()) if len(discrete) else 1.0
    return _require_invariant(G, tensor, basis, TOLERANCE * max(largest, 1.0) ** tensor.rank)


def _orthonormal(vectors: Tensor) -> Tensor:
    """Orthonormal basis of independent columns whose rows differ by orders of magnitude.

    With sorted rows and pivoted columns, Householder's QR is accurate in every row (Cox and Higham
    1998, "Stability of Householder QR factorization for weighted least squares problems").
    """
    if not vectors.numel():
        return vectors
    order = vectors.abs().amax(1).argsort(descending=True)
    sorted_rows = vectors[order].numpy()
    Q = torch.empty_like(vectors)
    Q[order] = torch.from_numpy(linalg.qr(sorted_rows, mode="economic", pivoting=True)[0])
    return Q


def _of_decided_rank(G: Group, tensor: Rep, basis: Tensor) -> Tensor:
    return _require_invariant(G, tensor, basis, ROUNDING * max(1.0, len(basis) / 100))


def _require_invariant(G: Group, tensor: Rep, basis: Tensor, allowed: float) -> Tensor:
    left = residual(G, tensor, basis)
    # comparisons with NaN are false, so that a basis of NaN would pass the first test
    if left > allowed or not torch.isfinite(basis).all():
        raise ValueError(
            f"The basis of {tensor} under {G} misses its constraints by {left:.1e} "
            f"(at most {allowed:.0e} is allowed), so that its rank cannot be decided. Are the "
            "generators those of a closed group, exact to the last digit, and types of your own "
            "computed in float64? Set entries that are rounding errors to 0."
        )
    return basis
