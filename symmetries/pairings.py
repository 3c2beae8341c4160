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

import numpy as np
from scipy import sparse

Index = tuple[int, ...]


def perfect_matchings(indices: Index) -> Iterator[tuple[tuple[int, int], ...]]:
    """All ways to pair up an even number of indices."""
    if not indices:
        yield ()
        return
    first, *rest = indices
    for k, partner in enumerate(rest):
        for others in perfect_matchings(tuple(rest[:k] + rest[k + 1 :])):
            yield ((first, partner), *others)


def spanning_tensor(
    dim: int, rank: int, parts: Sequence[tuple[Index, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """A product of small tensors on disjoint sets of indices, as positions and values.

    Args:
        dim: Dimension d of the base space.
        rank: Number of indices of the product.
        parts: For each factor its indices and its numbers, shape (d,) * number of indices.

    Returns:
        Positions in the flattened tensor of d^rank numbers, and the values there.
    """
    strides = dim ** np.arange(rank - 1, -1, -1)
    positions, values = np.zeros(1, dtype=np.int64), np.ones(1)
    for indices, small in parts:
        entries = np.nonzero(small)
        offsets = sum(e * strides[i] for e, i in zip(entries, indices, strict=True))
        positions = (positions[:, None] + offsets[None]).reshape(-1)
        values = (values[:, None] * small[entries][None]).reshape(-1)
    return positions, values


def levi_civita(dim: int) -> np.ndarray:
    """The totally antisymmetric tensor, shape (d,) * d."""
    epsilon = np.zeros((dim,) * dim)
    for permutation in permutations(range(dim)):
        inversions = sum(a > b for a, b in combinations(permutation, 2))
        epsilon[permutation] = -1.0 if inversions % 2 else 1.0
    return epsilon


def orthonormalised(size: int, tensors: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Orthonormal basis (size, r) of the span of sparse vectors, by their Gram matrix."""
    if not tensors:
        return np.zeros((size, 0))
    columns = np.concatenate([np.full(len(p), k) for k, (p, _) in enumerate(tensors)])
    rows = np.concatenate([positions for positions, _ in tensors])
    values = np.concatenate([values for _, values in tensors])
    spanning = sparse.csr_array((values, (rows, columns)), shape=(size, len(tensors)))
    eigenvalues, vectors = np.linalg.eigh((spanning.T @ spanning).toarray())
    kept = eigenvalues > 1e-10 * eigenvalues[-1]
    return np.asarray(spanning @ (vectors[:, kept] / np.sqrt(eigenvalues[kept])))
