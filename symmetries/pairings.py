"""Spanning sets of invariants of the classical groups, from their first fundamental theorems.

The invariants of O(n) among the tensors of even rank are spanned by the ways to pair up the
indices, each pair joined by the metric (Brauer 1937); SO(n) adds one totally antisymmetric tensor
of n indices, the other indices being paired; GL(n) pairs vector with dual indices, and SL(n)
adds totally antisymmetric tensors of n vector (or of n dual) indices (Weyl, *The Classical
Groups*). Each spanning tensor has few numbers that are not zero, so they are kept sparse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

import torch
from scipy.sparse import csr_array
from torch import Tensor

Index = tuple[int, ...]

SparseVector = tuple[Tensor, Tensor]
"""Positions (int64) and the values (float64) there."""


def perfect_matchings(indices: Index) -> Iterator[tuple[tuple[int, int], ...]]:
    """All ways to pair up an even number of indices."""
    if not indices:
        yield ()
        return
    first, *rest = indices
    for k, partner in enumerate(rest):
        for others in perfect_matchings(tuple(rest[:k] + rest[k + 1 :])):
            yield ((first, partner), *others)


def spanning_tensor(dim: int, rank: int, parts: Sequence[tuple[Index, Tensor]]) -> SparseVector:
    """A product of small tensors on disjoint sets of indices, as positions and values.

    Args:
        dim: Dimension d of the base space.
        rank: Number of indices of the product.
        parts: For each factor its indices and its numbers, shape (d,) * number of indices.

    Returns:
        Positions in the flattened tensor of d^rank numbers, and the values there.
    """
    strides = dim ** torch.arange(rank - 1, -1, -1)
    positions, values = torch.zeros(1, dtype=torch.int64), torch.ones(1, dtype=torch.float64)
    for indices, small in parts:
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


def orthonormalised(size: int, tensors: Sequence[SparseVector]) -> Tensor:
    """Orthonormal basis (size, r) of the span of sparse vectors, by their Gram matrix."""
    if not tensors:
        return torch.zeros(size, 0, dtype=torch.float64)
    columns = torch.cat([torch.full_like(p, k) for k, (p, _) in enumerate(tensors)])
    rows = torch.cat([positions for positions, _ in tensors])
    values = torch.cat([values for _, values in tensors])
    entries = (values.numpy(), (rows.numpy(), columns.numpy()))
    spanning = csr_array(entries, shape=(size, len(tensors)))
    gram = torch.from_numpy((spanning.T @ spanning).toarray())
    eigenvalues, vectors = torch.linalg.eigh(gram)
    kept = eigenvalues > 1e-10 * eigenvalues[-1]
    return torch.from_numpy(spanning @ (vectors[:, kept] / eigenvalues[kept].sqrt()).numpy())


def form_invariants(form: Tensor, p: int, q: int, antisymmetric: bool = False) -> Tensor:
    """Orthonormal basis of the tensors T(p, q) that the whole group of a form leaves unchanged.

    Args:
        form: F (d, d) with g^T F g = F for all g: the metric of O(n) or of space-time, or the
            antisymmetric form of Sp(m).
        p: Number of vector indices.
        q: Number of dual indices.
        antisymmetric: Whether every g has determinant one, so that one totally antisymmetric
            tensor may take part.

    Returns:
        (d^(p + q), r), float64.
    """
    dim, rank = len(form), p + q
    joined = {
        (True, True): torch.linalg.inv(form),
        (True, False): torch.eye(dim, dtype=torch.float64),
        (False, False): form,
    }

    def paired(indices: Index) -> Iterator[list[tuple[Index, Tensor]]]:
        for matching in perfect_matchings(indices):
            yield [((i, j), joined[i < p, j < p]) for i, j in matching]

    products = list(paired(tuple(range(rank)))) if rank % 2 == 0 else []
    if antisymmetric and rank >= dim and (rank - dim) % 2 == 0:
        for chosen in combinations(range(rank), dim):
            epsilon = levi_civita(dim)
            for axis, index in enumerate(chosen):
                if index >= p:
                    epsilon = torch.tensordot(epsilon, form, ([axis], [1])).movedim(-1, axis)
            rest = tuple(i for i in range(rank) if i not in chosen)
            products += [[(chosen, epsilon), *pairs] for pairs in paired(rest)]
    return orthonormalised(dim**rank, [spanning_tensor(dim, rank, parts) for parts in products])


def linear_invariants(dim: int, p: int, q: int, antisymmetric: bool) -> Tensor:
    """Orthonormal basis of the tensors T(p, q) that GL(d), or SL(d), leaves unchanged.

    Args:
        dim: Dimension d of the base space.
        p: Number of vector indices.
        q: Number of dual indices.
        antisymmetric: Whether totally antisymmetric tensors take part, as for SL(d).

    Returns:
        (d^(p + q), r), float64.
    """
    one, epsilon = torch.eye(dim, dtype=torch.float64), levi_civita(dim)
    vectors, duals = tuple(range(p)), tuple(range(p, p + q))
    many, few = (vectors, duals) if p >= q else (duals, vectors)
    surplus = len(many) - len(few)
    if surplus % dim or (surplus and not antisymmetric):
        return orthonormalised(dim ** (p + q), [])
    products: list[list[tuple[Index, Tensor]]] = [
        [*((block, epsilon) for block in blocks), *zip(pairs, [one] * len(few), strict=True)]
        for blocks, rest in _blocks_of(dim, surplus // dim, many)
        for pairs in (list(zip(order, few, strict=True)) for order in permutations(rest))
    ]
    return orthonormalised(
        dim ** (p + q), [spanning_tensor(dim, p + q, parts) for parts in products]
    )


def _blocks_of(size: int, count: int, indices: Index) -> Iterator[tuple[list[Index], Index]]:
    """All ways to take ``count`` disjoint blocks of ``size`` indices, with what is left."""
    if count == 0:
        yield [], indices
        return
    for block in combinations(indices, size):
        rest = tuple(i for i in indices if i not in block)
        for others, left in _blocks_of(size, count - 1, rest):
            if not others or block < others[0]:
                yield [block, *others], left
