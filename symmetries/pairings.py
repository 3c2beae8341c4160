"""Spanning sets of invariants of the classical groups, from their first fundamental theorems.

The invariants of O(n) among the tensors of even rank are spanned by the ways to pair up the
indices, each pair joined by the metric (Brauer 1937). SO(n) adds one totally antisymmetric tensor
of n indices, with the other indices paired. GL(n) pairs vector with dual indices, and SL(n) adds
totally antisymmetric tensors of n vector (or of n dual) indices (Weyl, *The Classical Groups*).
Each spanning tensor has few numbers that are not zero, so they are kept sparse.

Where there are more pairings than invariants, those with long chains are combinations of the rest:
minors (for Sp, Pfaffians) of one size larger vanish, and their leading terms are the chains (Conca
1994, *Groebner bases of ideals of minors of a symmetric matrix*; Herzog and Trung 1992, *Groebner
bases and multiplicity of determinantal and Pfaffian ideals*). The other pairings form a basis. A
totally antisymmetric tensor may always hold the first index: antisymmetrising n + 1 indices gives
zero, which trades the partner of that index for one that the tensor held.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from math import comb, prod

import torch
from scipy.sparse import csr_array
from torch import Tensor

from softsym.symmetries.limits import require_memory
from softsym.symmetries.partitions import pairings_count, permutations_count

Index = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]
SparseVector = tuple[Tensor, Tensor]
"""Positions (int64) and the values (float64) there."""


def perfect_matchings(
    indices: Index,
    longest: int | None = None,
    nested: bool = False,
    pairs: Pairs = (),
    chains: Index = (),
) -> Iterator[Pairs]:
    """Yields the ways to pair up an even number of indices.

    Args:
        indices: The indices left to pair up, rising.
        longest: Most pairs that a chain may have; any number by default.
        nested: Whether the pairs of a chain lie within one another. Otherwise both their first
            and their second indices rise.
        pairs: For the recursion, the pairs made so far.
        chains: For the recursion, the length of the longest chain that ends in each of them.
    """
    if not indices:
        yield pairs
        return
    first, *rest = indices
    for k, partner in enumerate(rest):
        # first indices rise from pair to pair, so that second indices alone make a chain
        before = (n for (_, j), n in zip(pairs, chains, strict=True) if (j > partner) == nested)
        chain = 1 + max(before, default=0)
        if longest is None or chain <= longest:
            others, more = tuple(rest[:k] + rest[k + 1 :]), (*pairs, (first, partner))
            yield from perfect_matchings(others, longest, nested, more, (*chains, chain))


def spanning_tensor(dim: int, rank: int, parts: Sequence[tuple[Index, Tensor]]) -> SparseVector:
    """A product of small tensors on disjoint sets of indices, flattened to d^rank numbers.

    Args:
        dim: Dimension d of the base space.
        rank: Number of indices of the product.
        parts: For each factor its indices and its numbers, shape (d,) * number of indices.
    """
    strides = dim ** torch.arange(rank - 1, -1, -1)
    positions, values = torch.zeros(1, dtype=torch.int64), torch.ones(1, dtype=torch.float64)
    for indices, small in parts:
        # every entry so far times every entry of the factor: positions add, values multiply
        entries = small.nonzero()
        offsets = entries @ strides[list(indices)]
        positions = (positions[:, None] + offsets[None]).reshape(-1)
        values = (values[:, None] * small[tuple(entries.T)][None]).reshape(-1)
    return positions, values


def levi_civita(dim: int) -> Tensor:
    """The totally antisymmetric tensor, shape (d,) * d."""
    epsilon = torch.zeros((dim,) * dim, dtype=torch.float64)
    for permutation in permutations(range(dim)):
        inversions = sum(a > b for a, b in combinations(permutation, 2))
        epsilon[permutation] = -1.0 if inversions % 2 else 1.0
    return epsilon


def orthonormal_span(size: int, tensors: Sequence[SparseVector]) -> Tensor:
    """Orthonormal basis (size, r) of the span of sparse vectors, by their Gram matrix."""
    if not tensors:
        return torch.zeros(size, 0, dtype=torch.float64)
    columns = torch.cat([torch.full_like(p, k) for k, (p, _) in enumerate(tensors)])
    rows = torch.cat([positions for positions, _ in tensors])
    values = torch.cat([values for _, values in tensors])
    entries = (values.numpy(), (rows.numpy(), columns.numpy()))
    spanning = csr_array(entries, shape=(size, len(tensors)))
    # a QR decomposition would need all d^rank rows dense; the Gram matrix is small
    gram = torch.from_numpy((spanning.T @ spanning).toarray())
    eigenvalues, vectors = torch.linalg.eigh(gram)
    # of dependent vectors some combinations vanish, up to rounding of about 1e-15
    kept = eigenvalues > 1e-10 * eigenvalues[-1]
    return torch.from_numpy(spanning @ (vectors[:, kept] / eigenvalues[kept].sqrt()).numpy())


def form_invariants(form: Tensor, p: int, q: int, antisymmetric: bool = False) -> Tensor:
    """Orthonormal basis (d^(p + q), r) of the tensors T(p, q) that the group of a form keeps.

    Args:
        form: F (d, d) with g^T F g = F for all g: the metric of O(n) or of space-time, or the
            antisymmetric form of Sp(m).
        p: Number of vector indices.
        q: Number of dual indices.
        antisymmetric: Whether every g has determinant one, so that one totally antisymmetric
            tensor may take part.
    """
    dim, rank = len(form), p + q
    skew = bool((form == -form.T).all())
    surplus = rank - dim if antisymmetric and rank >= dim else -1
    blocks = comb(rank - 1, dim - 1) * pairings_count(surplus, dim, skew) if surplus >= 0 else 0
    _require_memory(dim, rank, pairings_count(rank, dim, skew) + blocks)
    # two dual indices are joined by F, two vector indices by its inverse, one of each by 1
    joined = {
        (True, True): torch.linalg.inv(form),
        (True, False): torch.eye(dim, dtype=torch.float64),
        (False, False): form,
    }

    def pairings(indices: Index) -> Iterator[list[tuple[Index, Tensor]]]:
        # chains of more than d pairs (for Sp, m) are combinations of shorter ones
        for matching in perfect_matchings(indices, dim // 2 if skew else dim, skew):
            yield [((i, j), joined[i < p, j < p]) for i, j in matching]

    products = list(pairings(tuple(range(rank)))) if rank % 2 == 0 else []
    if surplus >= 0 and surplus % 2 == 0:
        # one antisymmetric tensor is enough: a product of two is a combination of pairings
        for others in combinations(range(1, rank), dim - 1):
            chosen = (0, *others)
            epsilon = levi_civita(dim)
            for axis, index in enumerate(chosen):
                if index >= p:  # a dual index, lowered by the form
                    epsilon = torch.tensordot(epsilon, form, ([axis], [1])).movedim(-1, axis)
            rest = tuple(i for i in range(rank) if i not in chosen)
            products += [[(chosen, epsilon), *pairs] for pairs in pairings(rest)]
    return orthonormal_span(dim**rank, [spanning_tensor(dim, rank, parts) for parts in products])


def linear_invariants(dim: int, p: int, q: int, antisymmetric: bool) -> Tensor:
    """Orthonormal basis (d^(p + q), r) of the tensors T(p, q) that GL(d), or SL(d), keeps.

    Args:
        dim: Dimension d of the base space.
        p: Number of vector indices.
        q: Number of dual indices.
        antisymmetric: Whether totally antisymmetric tensors take part, as for SL(d).
    """
    one, epsilon = torch.eye(dim, dtype=torch.float64), levi_civita(dim)
    vectors, duals = tuple(range(p)), tuple(range(p, p + q))
    many, few = (vectors, duals) if p >= q else (duals, vectors)
    # pairs take one index of each kind, so that antisymmetric tensors must hold the surplus
    surplus, rank = len(many) - len(few), p + q
    if surplus % dim or (surplus and not antisymmetric):
        return orthonormal_span(dim**rank, [])
    blocks = surplus // dim
    # block k holds the first index left and chooses dim - 1 others from those behind it
    choices = prod(comb(len(many) - k * dim - 1, dim - 1) for k in range(blocks))
    _require_memory(dim, rank, choices * permutations_count(len(few), dim))
    products: list[list[tuple[Index, Tensor]]] = []
    for chosen, rest in _choose_blocks(dim, blocks, many):
        for order in _permutations(rest, dim):
            pairs = zip(order, few, strict=True)
            products += [[*((b, epsilon) for b in chosen), *((pair, one) for pair in pairs)]]
    return orthonormal_span(dim**rank, [spanning_tensor(dim, rank, parts) for parts in products])


def _permutations(
    indices: Index, longest: int, order: Index = (), chains: Index = ()
) -> Iterator[Index]:
    """Yields the orders of indices without a rising subsequence of more than ``longest``."""
    if not indices:
        yield order
    for index in indices:
        before = (c for other, c in zip(order, chains, strict=True) if other < index)
        chain = 1 + max(before, default=0)
        if chain <= longest:
            rest = tuple(i for i in indices if i != index)
            yield from _permutations(rest, longest, (*order, index), (*chains, chain))


def _require_memory(dim: int, rank: int, spanning: int) -> None:
    """Checks the size of a basis that is spanned by a number of tensors."""
    size = dim**rank
    require_memory(
        size * min(spanning, size) + spanning**2,
        f"The basis of {size} numbers, spanned by {spanning} tensors,",
        "Use tensors of lower rank.",
    )


def _choose_blocks(size: int, count: int, indices: Index) -> Iterator[tuple[list[Index], Index]]:
    """Yields disjoint blocks of ``size`` indices, each with the first one left, and the rest."""
    if count == 0:
        yield [], indices
        return
    first, *following = indices
    for others in combinations(following, size - 1):
        rest = tuple(i for i in following if i not in others)
        for blocks, left in _choose_blocks(size, count - 1, rest):
            yield [(first, *others), *blocks], left
