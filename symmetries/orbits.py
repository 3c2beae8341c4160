"""Invariants of permutation groups: sums over orbits of index tuples.

A tensor is invariant when it has one number for each orbit of the group on tuples of indices.
Orbits do not overlap, so the normalised sums over orbits are an orthonormal basis.
"""

from __future__ import annotations

import torch
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from softsym.symmetries.limits import require_memory

LOWER = "Use tensors of lower rank."


def orbit_basis(permutations: Tensor, rank: int) -> Tensor:
    """Orthonormal basis (d^rank, orbits) of the tensors that permutations of coordinates keep.

    Args:
        permutations: Generators (m, d), each sending coordinate i to entry i.
        rank: Number of indices.
    """
    count, dim = permutations.shape
    size = dim**rank
    require_memory(4 * count * size, f"Orbits of {size} index tuples", LOWER)
    # the image of a tuple, built up index by index: position = position * d + index
    images = torch.zeros(count, 1, dtype=torch.int64)
    for _ in range(rank):
        images = (images[:, :, None] * dim + permutations[:, None, :]).flatten(1)
    # the graph that leads from each tuple to its images, in CSR format: one row for each tuple
    starts = torch.arange(0, count * size + 1, count)
    ones = torch.ones(count * size, dtype=torch.int8)
    entries = (ones.numpy(), images.T.reshape(-1).numpy(), starts.numpy())
    graph = csr_array(entries, shape=(size, size))
    # powers of a permutation lead back, so that every orbit is strongly connected
    orbit = torch.from_numpy(connected_components(graph, connection="strong")[1]).long()
    sizes = orbit.bincount()
    what = f"The basis of {size} numbers in {len(sizes)} orbits"
    require_memory(size * len(sizes), what, LOWER)
    basis = torch.zeros(size, len(sizes), dtype=torch.float64)
    basis[torch.arange(size), orbit] = sizes.double().rsqrt()[orbit]
    return basis
