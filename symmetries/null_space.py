"""Null space of the constraints of any group, where no closed form is known.

The constraints are sparse: each couples few numbers of a tensor. Numbers that a single constraint
sets to zero are dropped first. The rest splits into connected components that are solved one by
one: small components as dense matrices, large ones by a Chebyshev filter.
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
"""Largest component solved as a dense matrix: at first, and if the filter fails.

Dense eigenvectors cost of the order of n^3: on two cores seconds for 1200, a minute for 4096.
"""

ENTRIES = 20_000_000
"""Largest number of entries of a sparse matrix of constraints: 240 MB in CSR format."""

BATCH = 2**23
"""Numbers (64 MiB) of the dense matrices of small components that are solved in one call."""

Vectors = tuple[Tensor, Tensor]
"""Sparse vectors: the positions (n, s) int64 of their entries, and the entries (n, s)."""


def null_space(G: Group, tensor: Rep) -> Tensor:
    """Orthonormal basis of the invariants of a type of tensor, (size, r) float64.

    Raises:
        TooLargeError: If the basis is too large.
        ValueError: If a large component has invariants that do not separate from the rest.
    """
    size = tensor.size(G.space)
    if not len(G.lie_algebra) and not len(G.discrete_generators):
        units = [(torch.arange(size)[:, None], torch.ones(size, 1, dtype=torch.float64))]
        return _dense_basis(size, units, f"{tensor} under {G}")
    C = constraint_matrix(G, tensor, ENTRIES)
    # entries per row times entries estimates the cost of C^T C, which shows the components
    if C is not None and C.nnz / max(C.shape[0], 1) * C.nnz > 50 * ENTRIES:
        C = None
    elements = G.finite_elements if size > DENSE else None
    # a finite group has its projector in closed form, where the filter would have to iterate
    if elements is not None and (C is None or _largest_component(C) > DENSE):
        return averaged_basis(elements, tensor, size)
    if C is None:
        return _operator_null_space(lambda v: gram(G, tensor, v), size)
    return _dense_basis(size, _component_null_spaces(C), f"{tensor} under {G}")


def averaged_basis(elements: Tensor, tensor: Rep, size: int) -> Tensor:
    """Range of the mean of rho over all elements (n, d, d) of a finite group.

    The mean is a projector. Its trace, the mean of the characters, is the number of invariants,
    and as many random vectors, averaged, span them.
    """
    # the character of a Kronecker product is the product of its factors' traces
    characters = [
        prod(float(f.trace()) for f in tensor.factors(g)) if size > 1 else 1.0 for g in elements
    ]
    rank = round(sum(characters) / len(characters))
    require_memory(
        4 * size * rank, f"The basis of {size} numbers and rank {rank}", "Use lower ranks."
    )
    random = torch.Generator().manual_seed(0)
    block = torch.randn(size, rank, generator=random, dtype=torch.float64)
    for _ in range(2):  # the second pass removes the rounding errors of the first
        total = torch.zeros_like(block)
        for g in elements:
            total += apply_axes(tensor.factors(g), block)
        block = torch.linalg.qr(total / len(elements)).Q
    return block


def _largest_component(C: sparse.csr_array) -> int:
    labels = connected_components(C.T @ C, directed=False)[1]
    return int(torch.from_numpy(labels).long().bincount().max())


def _operator_null_space(apply: Callable[[Tensor], Tensor], size: int) -> Tensor:
    """Null space of a symmetric operator on vectors (size, n) that has no sparse matrix."""
    if size > DENSE:
        try:
            return filtered_null_space(apply, size)
        except NotSeparatedError:
            if size > DENSE_AT_MOST:
                raise  # a dense matrix of 4096^2 numbers takes 128 MiB, and its vectors as much
    eigenvalues, vectors = torch.linalg.eigh(apply(torch.eye(size, dtype=torch.float64)))
    return vectors[:, eigenvalues < NULL * max(float(eigenvalues[-1]), 1.0)].contiguous()


def _component_null_spaces(C: sparse.csr_array) -> list[Vectors]:
    C, numbers = _without_zeros(C)
    squared = sparse.csr_array(C.T @ C)
    limit = NULL * max(float(abs(squared).max()) if squared.nnz else 0.0, 1.0)
    # two numbers are coupled where C^T C has an entry; its null space is that of C
    label = torch.from_numpy(connected_components(squared, directed=False)[1]).long()
    sizes = label.bincount()
    vectors: list[Vectors] = []
    for size in sizes.unique().tolist():
        # the members of each component of this size, side by side
        chosen = (sizes[label] == size).nonzero()[:, 0]
        members = chosen[label[chosen].argsort(stable=True)].reshape(-1, size)
        if size > DENSE:
            for component in members:
                Q = _operator_null_space(_product_with(squared, component), size)
                vectors.append((numbers[component].expand(Q.shape[1], -1), Q.T))
        else:
            # thousands of small components are common: one batched call for all of a size
            for part in members.split(max(1, BATCH // size**2)):
                vectors.append(_dense_null_spaces(squared, part, numbers, limit))
    return vectors


def _without_zeros(C: sparse.csr_array) -> tuple[sparse.csr_array, Tensor]:
    """Drops the numbers that a constraint of one entry sets to zero; returns those left.

    Dropping them shortens other constraints, which may then have one entry too. Under Scaling(3)
    every number of T3 is dropped this way, without computing any eigenvalue.
    """
    numbers = torch.arange(C.shape[1])
    while True:
        C.data[abs(C.data) < 1e-14] = 0.0
        C.eliminate_zeros()
        alone = C.indptr[1:] - C.indptr[:-1] == 1
        columns = torch.from_numpy(C.indices[C.indptr[:-1][alone]]).long()
        values = torch.from_numpy(C.data[C.indptr[:-1][alone]])
        # a single entry of 1e-12 is a rounding error: the eigenvalues decide about such numbers
        columns = columns[values.abs() > 1e-3]
        if not len(columns):
            return C, numbers
        kept = torch.ones(C.shape[1], dtype=torch.bool)
        kept[columns] = False
        C, numbers = sparse.csr_array(C[:, kept.numpy()]), numbers[kept]


def _dense_null_spaces(
    squared: sparse.csr_array, members: Tensor, numbers: Tensor, limit: float
) -> Vectors:
    """Null spaces of components of one size, members (components, size)."""
    count, size = members.shape
    rows = members.reshape(-1).numpy()
    # place of each number within its component; the others are never looked up
    place = torch.empty(squared.shape[0], dtype=torch.int64)
    place[members.reshape(-1)] = torch.arange(size).repeat(count)
    block = squared[rows].tocoo()
    matrices = torch.zeros(count, size, size, dtype=torch.float64)
    row, column = (torch.from_numpy(part).long() for part in (block.row, block.col))
    matrices[row // size, row % size, place[column]] = torch.from_numpy(block.data)
    eigenvalues, vectors = torch.linalg.eigh(matrices)
    component, vector = (eigenvalues < limit).nonzero(as_tuple=True)
    return numbers[members[component]], vectors[component, :, vector]


def _product_with(squared: sparse.csr_array, members: Tensor) -> Callable[[Tensor], Tensor]:
    """Multiplies vectors by the rows and columns of one component."""
    block = sparse.csr_array(squared[members.numpy()][:, members.numpy()])
    return lambda v: torch.from_numpy(block @ v.numpy())


def _dense_basis(size: int, vectors: list[Vectors], what: str) -> Tensor:
    rank = sum(len(index) for index, _ in vectors)
    require_memory(size * rank, f"The basis of {what}, {size} x {rank},", "Use lower ranks.")
    basis = torch.zeros(size, rank, dtype=torch.float64)
    offset = 0
    for index, values in vectors:
        columns = offset + torch.arange(len(index))
        basis[index, columns[:, None]] = values
        offset += len(index)
    return basis
