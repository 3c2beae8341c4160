"""Null space of the constraints of any group, where no closed form is known.

The constraints are sparse: each couples few numbers of a tensor. Numbers that a single constraint
sets to zero go first; the rest falls into connected components that are solved by themselves, as
dense matrices where they are small, and by a Chebyshev filter where they are large.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from softsym.symmetries.axes import apply as apply_axes
from softsym.symmetries.chebyshev import NotSeparatedError, filtered_null_space
from softsym.symmetries.constraints import NULL, constraint_matrix, gram
from softsym.symmetries.group import Group
from softsym.symmetries.limits import require_memory
from softsym.symmetries.representations import Rep

DENSE, DENSE_AT_MOST = 1200, 4096
"""Largest component that is solved as a dense matrix: at once, and if the filter fails."""

ENTRIES = 20_000_000
"""Largest number of entries of a sparse matrix of constraints."""

Found = tuple[Tensor, Tensor]
"""Where vectors stand (n, s) int64, and their numbers (n, s)."""


def null_space(G: Group, tensor: Rep) -> Tensor:
    """Orthonormal basis of the invariants of a type of tensor, (size, r) float64.

    Raises:
        TooLargeError: If the basis is too large.
        ValueError: If a large component has invariants that do not separate from the rest.
    """
    size = tensor.size(G.space)
    if not len(G.lie_algebra) and not len(G.discrete_generators):
        found = [(torch.arange(size)[:, None], torch.ones(size, 1, dtype=torch.float64))]
        return _scattered(size, found, f"{tensor} under {G}")
    C = constraint_matrix(G, tensor, ENTRIES)
    if C is None or C.nnz / max(C.shape[0], 1) * C.nnz > 50 * ENTRIES:
        if size > DENSE and G.finite_elements is not None:
            return averaged(G.finite_elements, tensor, size)
        return _of_operator(lambda v: gram(G, tensor, v), size)
    if size > DENSE and G.finite_elements is not None and _largest_component(C) > DENSE:
        return averaged(G.finite_elements, tensor, size)
    return _scattered(size, _by_components(C), f"{tensor} under {G}")


def averaged(elements: Tensor, tensor: Rep, size: int) -> Tensor:
    """Range of the mean of rho over all elements (n, d, d) of a finite group.

    The mean is a projector whose trace, the mean of the characters, is the number of invariants:
    so many random vectors, averaged, span them.
    """
    characters = [
        prod(float(f.trace()) for f in tensor.factors(g)) if size > 1 else 1.0 for g in elements
    ]
    rank = round(sum(characters) / len(characters))
    require_memory(
        4 * size * rank, f"The basis of {size} numbers and rank {rank}", "Use lower ranks."
    )
    random = torch.Generator().manual_seed(0)
    block = torch.randn(size, rank, generator=random, dtype=torch.float64)
    for _ in range(2):  # once to get there, once more for the last digits
        total = torch.zeros_like(block)
        for g in elements:
            total += apply_axes(tensor.factors(g), block)
        block = torch.linalg.qr(total / len(elements)).Q
    return block


def _largest_component(C: sparse.csr_array) -> int:
    squared = C.T @ C
    labels = connected_components(squared, directed=False)[1]
    return int(torch.from_numpy(labels).long().bincount().max())


def _of_operator(apply: Callable[[Tensor], Tensor], size: int) -> Tensor:
    """Null space of a symmetric operator on vectors (size, n) that has no sparse matrix."""
    if size > DENSE:
        try:
            return filtered_null_space(apply, size)
        except NotSeparatedError:
            if size > DENSE_AT_MOST:
                raise
    eigenvalues, vectors = torch.linalg.eigh(apply(torch.eye(size, dtype=torch.float64)))
    return vectors[:, eigenvalues < NULL * max(float(eigenvalues[-1]), 1.0)].contiguous()


def _by_components(C: sparse.csr_array) -> list[Found]:
    C, numbers = _without_zeros(C)
    squared = sparse.csr_array(C.T @ C)
    limit = NULL * max(float(abs(squared).max()) if squared.nnz else 0.0, 1.0)
    _, labels = connected_components(squared, directed=False)
    label = torch.from_numpy(labels).long()
    sizes = label.bincount()
    found: list[Found] = []
    for size in sizes.unique().tolist():
        # the members of each component of this size, side by side
        chosen = (sizes[label] == size).nonzero()[:, 0]
        members = chosen[label[chosen].argsort(stable=True)].reshape(-1, size)
        if size > DENSE:
            for component in members:
                Q = _of_operator(_product(squared, component), size)
                found.append((numbers[component].expand(Q.shape[1], -1), Q.T))
        else:
            for part in members.split(max(1, 2**23 // size**2)):
                found.append(_dense_null_spaces(squared, part, numbers, limit))
    return found


def _without_zeros(C: sparse.csr_array) -> tuple[sparse.csr_array, Tensor]:
    """Drops the numbers that some constraint of one entry sets to zero; says which are left."""
    numbers = torch.arange(C.shape[1])
    while True:
        C.data[abs(C.data) < 1e-14] = 0.0
        C.eliminate_zeros()
        alone = C.indptr[1:] - C.indptr[:-1] == 1
        # only entries well away from zero decide by themselves
        columns = torch.from_numpy(C.indices[C.indptr[:-1][alone]]).long()
        values = torch.from_numpy(C.data[C.indptr[:-1][alone]])
        columns = columns[values.abs() > 1e-3]
        if not len(columns):
            return C, numbers
        kept = torch.ones(C.shape[1], dtype=torch.bool)
        kept[columns] = False
        C, numbers = sparse.csr_array(C[:, kept.numpy()]), numbers[kept]


def _dense_null_spaces(
    squared: sparse.csr_array, members: Tensor, numbers: Tensor, limit: float
) -> Found:
    """Null spaces of components of one size, members (components, size)."""
    count, size = members.shape
    rows = members.reshape(-1).numpy()
    place = torch.empty(squared.shape[0], dtype=torch.int64)
    place[members.reshape(-1)] = torch.arange(size).repeat(count)
    block = squared[rows].tocoo()
    matrices = torch.zeros(count, size, size, dtype=torch.float64)
    row, column = (torch.from_numpy(part).long() for part in (block.row, block.col))
    matrices[row // size, row % size, place[column]] = torch.from_numpy(block.data)
    eigenvalues, vectors = torch.linalg.eigh(matrices)
    component, vector = (eigenvalues < limit).nonzero(as_tuple=True)
    return numbers[members[component]], vectors[component, :, vector]


def _product(squared: sparse.csr_array, members: Tensor) -> Callable[[Tensor], Tensor]:
    block = sparse.csr_array(squared[members.numpy()][:, members.numpy()])
    return lambda v: torch.from_numpy(block @ v.numpy())


def _scattered(size: int, found: list[Found], what: str) -> Tensor:
    rank = sum(len(index) for index, _ in found)
    require_memory(size * rank, f"The basis of {what}, {size} x {rank},", "Use lower ranks.")
    basis = torch.zeros(size, rank, dtype=torch.float64)
    offset = 0
    for index, values in found:
        columns = offset + torch.arange(len(index))
        basis[index, columns[:, None]] = values
        offset += len(index)
    return basis
