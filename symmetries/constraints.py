"""The linear constraints whose null space the invariants are.

A vector v of type R is invariant when rho(h) v = v for each discrete generator h and
drho(A) v = 0 for each infinitesimal generator A (Finzi et al. 2021, arXiv 2104.09459, eq. 7).
Together these are C v = 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import prod

import torch
from scipy import sparse
from torch import Tensor

from softsym.symmetries.axes import apply, apply_derivative, permute
from softsym.symmetries.elements import algebra_matrix
from softsym.symmetries.group import Group
from softsym.symmetries.representations import Rep, T

NULL = 1e-9
"""Eigenvalues of C^T C below this, relative to the largest, count as zero.

They are squares: rounding leaves 1e-16, and vectors that miss C v = 0 by less than 3e-5 pass. Those
that miss by more than 1e-9 are caught by the solver, which checks the residual.
"""


def constrain(G: Group, tensor: Rep, v: Tensor) -> Iterator[Tensor]:
    """Yields C v for vectors v (size, n), one generator at a time."""
    for factors in algebra_factors(G, tensor):
        yield apply_derivative(factors, v)
    if G.permutations is not None and isinstance(tensor, T):
        # permuting axes costs one copy, where a matrix of S(20000) alone takes 3 GiB
        for permutation in G.permutations:
            yield permute(permutation, tensor.rank, v) - v
    else:
        for factors in map(tensor.factors, G.discrete_elements):
            yield apply(factors, v) - v


def gram(G: Group, tensor: Rep, v: Tensor) -> Tensor:
    """C^T C v for vectors v (size, n), axis by axis."""
    total = torch.zeros_like(v)
    for factors in algebra_factors(G, tensor):
        total += apply_derivative([f.mT for f in factors], apply_derivative(factors, v))
    for factors in map(tensor.factors, G.discrete_elements):
        left = apply(factors, v) - v
        total += apply([f.mT for f in factors], left) - left
    return total


def residual(G: Group, tensor: Rep, basis: Tensor) -> float:
    """The largest entry of C Q for a basis Q (size, r), in absolute value."""
    largest = 0.0
    # chunks of 1 MiB stay in the processor's cache
    for columns in basis.split(max(1, 2**17 // max(len(basis), 1)), dim=1):
        for left in constrain(G, tensor, columns.contiguous()) if columns.numel() else ():
            largest = max(largest, float(left.abs().amax()))
    return largest


def invariants_within(G: Group, tensor: Rep, space: Tensor) -> Tensor:
    """Orthonormal basis of the invariants in the span of orthonormal columns (size, r)."""
    if not space.shape[1]:  # there would be no largest eigenvalue
        return space
    squared = torch.zeros(2 * space.shape[1:], dtype=torch.float64)
    for left in constrain(G, tensor, space):
        squared += left.T @ left
    eigenvalues, vectors = torch.linalg.eigh(squared)
    return space @ vectors[:, eigenvalues < NULL * max(float(eigenvalues[-1]), 1.0)]


def constraint_matrix(G: Group, tensor: Rep, entries: int) -> sparse.csr_array | None:
    """C as one sparse matrix; None if it would have more than ``entries`` entries."""
    size = tensor.size(G.space)
    algebra = list(algebra_factors(G, tensor))
    discrete = [tensor.factors(h) for h in G.discrete_elements]
    # a product of matrices has the product of their entries, a sum over axes at most the sum
    expected = sum(size * sum(_density(f) * len(f) for f in factors) for factors in algebra)
    expected += sum(prod(_density(f) * len(f) ** 2 for f in factors) for factors in discrete)
    if expected > entries:
        return None
    one = sparse.eye_array(size, format="csr")
    rows = [_derivative(factors, size) for factors in algebra]
    rows += [reduce(_kron, map(_sparse, factors)) - one for factors in discrete if factors]
    return sparse.csr_array(sparse.vstack(rows, format="csr") if rows else (1, size))


def algebra_factors(G: Group, tensor: Rep) -> Iterator[list[Tensor]]:
    """For each infinitesimal generator, its matrices on the axes of the tensor."""
    for A in G.algebra_elements:
        # scaled to a largest entry of one, so that no unit of measurement decides what is zero
        scale = max(float(algebra_matrix(A).abs().amax()), 1e-300)
        scaled = tuple(part / scale for part in A) if isinstance(A, tuple) else A / scale
        yield tensor.derivative_factors(scaled)


def _derivative(factors: Sequence[Tensor], size: int) -> sparse.csr_array:
    # the sum over axes of 1 (x) ... (x) A (x) ... (x) 1
    total, before = sparse.csr_array((size, size)), 1
    for factor in factors:
        after = size // (before * len(factor))
        left = _kron(sparse.eye_array(before, format="csr"), _sparse(factor))
        total = total + _kron(left, sparse.eye_array(after, format="csr"))
        before *= len(factor)
    return total


def _kron(a: sparse.csr_array, b: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(sparse.kron(a, b, format="csr"))


def _sparse(matrix: Tensor) -> sparse.csr_array:
    return sparse.csr_array(matrix.numpy())


def _density(matrix: Tensor) -> float:
    return float(matrix.count_nonzero()) / max(matrix.numel(), 1)
