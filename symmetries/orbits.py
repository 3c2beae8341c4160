"""Invariants of permutation groups: sums over orbits of index tuples."""

from __future__ import annotations

import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor


def orbit_basis(permutations: Tensor, rank: int) -> Tensor:
    """Orthonormal basis of the tensors that permutations of the coordinates leave unchanged.

    A tensor is invariant when it has one number for each orbit of the group on tuples of indices,
    and orbits do not overlap: the normalised sums over orbits are the basis.

    Args:
        permutations: Generators (m, d), each sending coordinate i to entry i.
        rank: Number of indices.

    Returns:
        (d^rank, number of orbits), float64.
    """
    dim = permutations.shape[1]
    images = []
    for g in permutations:
        # the image of a tuple, built up index by index: position = position * d + index
        image = torch.zeros(1, dtype=torch.int64)
        for _ in range(rank):
            image = (image[:, None] * dim + g).reshape(-1)
        images.append(image)
    size = dim**rank
    nodes, reached = torch.arange(size).repeat(len(images)), torch.cat(images)
    ones = torch.ones(len(nodes), dtype=torch.int8)
    edges = coo_array((ones.numpy(), (nodes.numpy(), reached.numpy())), shape=(size, size))
    orbits, labels = connected_components(edges, directed=False)
    label = torch.from_numpy(labels).long()
    basis = torch.zeros(size, orbits, dtype=torch.float64)
    basis[torch.arange(size), label] = label.bincount().double().rsqrt()[label]
    return basis
