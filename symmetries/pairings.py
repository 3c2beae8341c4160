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
