"""Invariants of permutation groups: sums over orbits of index tuples.

A tensor is invariant when it has one number for each orbit of the group on tuples of indices, and
orbits do not overlap: the normalised sums over orbits are the basis.
"""

from __future__ import annotations

import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from softsym.symmetries.limits import require_memory


def orbit_basis(permutations: Tensor, rank: int) -> Tensor:
    """Orthonormal basis of the tensors that permutations of the coordinates leave unchanged.

    Args:
        permutations: Generators (m, d), each sending coordinate i to entry i.
        rank: Number of indices.

    Returns:
        (d^rank, number of orbits), float64.
    """
    dim = permutations.shape[1]
    size = dim**rank
    require_memory(
        4 * len(permutations) * size, f"Orbits of {size} index tuples", "Use tensors of lower rank."
    )
    images = []
    for g in permutations:
        # the image of a tuple, built up index by index: position = position * d + index
        image = torch.zeros(1, dtype=torch.int64)
        for _ in range(rank):
            image = (image[:, None] * dim + g).reshape(-1)
        images.append(image)
    nodes, reached = torch.arange(size).repeat(len(images)), torch.cat(images)
    ones = torch.ones(len(nodes), dtype=torch.int8)
    edges = coo_array((ones.numpy(), (nodes.numpy(), reached.numpy())), shape=(size, size))
    return _orbit_sums(torch.from_numpy(connected_components(edges, directed=False)[1]).long())


def partition_basis(dim: int, rank: int) -> Tensor:
    """Orthonormal basis of the tensors that all permutations of R^d leave unchanged.

    Tuples of indices share an orbit when the same places hold equal indices: the orbits are the
    partitions of the places into at most d sets.

    Returns:
        (d^rank, number of partitions), float64.
    """
    require_memory(
        4 * dim**rank, f"Orbits of {dim**rank} index tuples", "Use tensors of lower rank."
    )
    orbit, digits = torch.zeros(1, dtype=torch.int64), torch.zeros(1, 0, dtype=torch.int16)
    following = torch.arange(dim, dtype=torch.int16)
    for k in range(rank):
        equal = digits[:, None, :] == following[:, None]
        # the first earlier place that holds the same index, k if there is none
        place = torch.where(equal.any(-1), equal.byte().argmax(-1), k) if k else equal.sum(-1)
        orbit = (orbit[:, None] * (k + 1) + place).reshape(-1).unique(return_inverse=True)[1]
        if k < rank - 1:
            digits = torch.cat(
                [digits.repeat_interleave(dim, 0), following.repeat(len(digits))[:, None]], 1
            )
    return _orbit_sums(orbit)


def _orbit_sums(orbit: Tensor) -> Tensor:
    """One unit vector for each orbit, from the orbit of each number."""
    sizes = orbit.bincount()
    require_memory(
        len(orbit) * len(sizes),
        f"The basis of {len(orbit)} numbers in {len(sizes)} orbits",
        "Use tensors of lower rank.",
    )
    basis = torch.zeros(len(orbit), len(sizes), dtype=torch.float64)
    basis[torch.arange(len(orbit)), orbit] = sizes.double().rsqrt()[orbit]
    return basis
