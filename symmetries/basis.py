"""Orthonormal bases and projectors of what a group leaves unchanged.

A vector v of type R is equivariant under G when rho(g) v = v for every g, that is when it is in
the null space of the constraints C: rho(h) - 1 for each discrete generator h and drho(A) for each
A of the algebra (Finzi et al. 2021, arXiv 2104.09459, eq. 7). The type R falls into tensors
T(p, q), each solved once for a group and remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from symmetries.axes import act, act_infinitesimally
from symmetries.group import Group
from symmetries.parsing import group as parse_group
from symmetries.parsing import rep as parse_rep
from symmetries.representations import Rep, T, cached_blocks

TOLERANCE = 1e-9
"""Largest entry that the constraints may leave of a basis vector."""

MAX_SIZE = 4096
"""Largest tensor whose constraints are solved as a dense matrix."""


@dataclass(frozen=True)
class TypedBlock:
    """All copies of one type of tensor in a vector, with the basis of what is equivariant.

    Attributes:
        tensor: The type of the copies.
        index: Where the copies' numbers stand in the vector, (copies, d^rank) int64.
        basis: Q, (d^rank, r) float64 with orthonormal columns.
    """

    tensor: T
    index: Tensor
    basis: Tensor


def equivariant_blocks(G: str | Group, R: str | Rep) -> list[TypedBlock]:
    """The equivariant vectors of type R, block by block; never larger than R itself.

    Args:
        G: A group on R^d.
        R: A representation; for maps ``rep_in >> rep_out``.
    """
    G, R = parse_group(G), parse_rep(R)
    blocks = cached_blocks(R, G.dim)
    return [TypedBlock(t, index, tensor_basis(G, t)) for t, index in blocks.items()]


def equivariant_basis(G: str | Group, R: str | Rep) -> Tensor:
    """Orthonormal basis of {v : rho(g) v = v for all g in G}, (size R, r) float64.

    Args:
        G: A group on R^d.
        R: A representation; for maps ``rep_in >> rep_out``, whose vectors are W.reshape(-1).

    Raises:
        ValueError: If a tensor of R is too large, or the solution fails its check.

    Example:
        >>> equivariant_basis("O(3)", "T1 >> T1").shape
        torch.Size([9, 1])
    """
    G, R = parse_group(G), parse_rep(R)
    blocks = equivariant_blocks(G, R)
    rank = sum(len(block.index) * block.basis.shape[1] for block in blocks)
    whole = torch.zeros(R.size(G.dim), rank, dtype=torch.float64)
    offset = 0
    for block in blocks:
        copies, r = len(block.index), block.basis.shape[1]
        columns = offset + torch.arange(copies * r).reshape(copies, 1, r)
        whole[block.index[:, :, None], columns] = block.basis.expand(copies, -1, -1)
        offset += copies * r
    return whole


def equivariant_projector(G: str | Group, R: str | Rep) -> Tensor:
    """Orthogonal projector P = Q Q^T onto the equivariant vectors, (size R, size R) float64."""
    Q = equivariant_basis(G, R)
    return Q @ Q.T


def project(G: str | Group, R: str | Rep, v: Tensor) -> Tensor:
    """Orthogonal projection of vectors onto the equivariant ones, without a projector.

    Args:
        G: A group on R^d.
        R: Type of the vectors.
        v: (..., size R), any floating dtype; computed in float64.

    Returns:
        (..., size R), dtype and device of v.
    """
    G, R = parse_group(G), parse_rep(R)
    if v.shape[-1] != R.size(G.dim):
        raise ValueError(f"{R} has {R.size(G.dim)} numbers over R^{G.dim}; got {v.shape[-1]}.")
    projected = torch.zeros_like(v, dtype=torch.float64)
    for block in equivariant_blocks(G, R):
        index, Q = block.index.to(v.device), block.basis.to(v.device)
        projected[..., index] = (v[..., index].double() @ Q) @ Q.T
    return projected.to(v.dtype)


def tensor_basis(G: Group, tensor: T) -> Tensor:
    """Orthonormal basis of the G-invariant tensors T(p, q), (d^(p + q), r) float64.

    Raises:
        ValueError: If the tensor is too large, or the solution fails its check.
    """
    if G.is_orthogonal:
        # inverse transpose is the matrix itself: vector and dual indices are the same
        tensor = T(tensor.rank)
    return _solve(G, tensor)


@lru_cache(maxsize=1024)
def _solve(G: Group, tensor: T) -> Tensor:
    known = G.closed_form(tensor.p, tensor.q)
    basis = _null_space(G, tensor) if known is None else known
    residual = _residual(G, tensor, basis)
    if residual > TOLERANCE:
        raise ValueError(
            f"The basis of {tensor} under {G} misses its constraints by {residual:.1e} "
            f"(at most {TOLERANCE:.0e} is allowed). Are the generators those of a closed group?"
        )
    return basis


def _null_space(G: Group, tensor: T) -> Tensor:
    """Null space of the constraints, from the eigenvectors of C^T C."""
    size = tensor.size(G.dim)
    if not len(G.lie_algebra) and not len(G.discrete_generators):
        return torch.eye(size, dtype=torch.float64)
    if size > MAX_SIZE:
        raise ValueError(
            f"{tensor} over R^{G.dim} has {size} numbers; its basis would need "
            f"{8 * size**2 / 2**30:.1f} GiB for a dense matrix, and {MAX_SIZE} numbers are the "
            "limit. Use tensors of lower rank (fewer channels)."
        )
    one = torch.eye(size, dtype=torch.float64)
    gram = torch.zeros(size, size, dtype=torch.float64)
    for constraint in _constrain(G, tensor, one):
        gram += constraint.T @ constraint
    eigenvalues, vectors = torch.linalg.eigh(gram)
    return vectors[:, eigenvalues < TOLERANCE * max(float(eigenvalues[-1]), 1.0)].contiguous()


def _residual(G: Group, tensor: T, basis: Tensor) -> float:
    """The largest number that a constraint leaves of a basis vector."""
    if not basis.shape[1]:
        return 0.0
    return max((float(left.abs().amax()) for left in _constrain(G, tensor, basis)), default=0.0)


def _constrain(G: Group, tensor: T, v: Tensor) -> Iterable[Tensor]:
    """C v, one generator at a time, each scaled to a size near one."""
    for A in G.lie_algebra:
        yield act_infinitesimally(tensor, A / max(float(A.abs().amax()), 1e-300), v)
    for h in G.discrete_generators:
        yield act(tensor, h, v) - v
