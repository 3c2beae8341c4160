"""Orthonormal bases and projectors of what a group leaves unchanged.

A vector v of type R is equivariant under G when rho(g) v = v for every g in G. The type R splits
into tensors (:mod:`softsym.symmetries.blocks`). Each kind of tensor is solved once for a group and
remembered (:mod:`softsym.symmetries.solver`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from softsym.symmetries.blocks import tensor_blocks
from softsym.symmetries.group import Group
from softsym.symmetries.limits import require_memory
from softsym.symmetries.parsing import group as parse_group
from softsym.symmetries.parsing import rep as parse_rep
from softsym.symmetries.representations import Rep
from softsym.symmetries.solver import scatter_bases, tensor_basis

INSTEAD = "Use equivariant_blocks, which solves each type of tensor once, or project."


@dataclass(frozen=True)
class TypedBlock:
    """All copies of one kind of tensor in a vector, with the basis of the equivariant ones.

    Attributes:
        tensor: The type of the copies.
        index: Positions of the copies' numbers in the vector, (copies, size) int64.
        basis: Q, (size, r) float64 with orthonormal columns.
    """

    tensor: Rep
    index: Tensor
    basis: Tensor


def equivariant_blocks(G: str | Group, R: str | Rep) -> list[TypedBlock]:
    """The equivariant vectors of type R, block by block; never larger than R itself.

    Args:
        G: A group on R^d.
        R: A representation; for maps ``rep_in >> rep_out``.

    Raises:
        ValueError: If R is no representation of G, or a solution fails its check.
        TooLargeError: If a vector or a basis is too large.
    """
    return [TypedBlock(b.tensor, b.index.clone(), b.basis.clone()) for b in _blocks(G, R)]


def _blocks(G: str | Group, R: str | Rep) -> list[TypedBlock]:
    """The blocks, sharing their tensors with the solver's memory: callers must not change them."""
    G = parse_group(G)
    R = parse_rep(R).over(G)
    require_memory(4 * R.size(G.space), f"Solving for {R} over R^{G.dim}", "Use lower ranks.")
    blocks = tensor_blocks(R, G.space)
    return [TypedBlock(t, index, tensor_basis(G, t)) for t, index in blocks.items()]


def shared_blocks(groups: Sequence[Group], R: str | Rep) -> list[tuple[Rep, Tensor, list[Tensor]]]:
    """The blocks of type R with the bases of several groups on the same space.

    Args:
        groups: At least one group, all on the same R^d.
        R: A representation of all of them.

    Returns:
        For each block its tensor, the positions of its copies (copies, size), and the basis of
        each group (size, rank). The tensors are the solver's own and must not be changed.

    Raises:
        ValueError: If R is no representation of a group, or a solution fails its check.
        TooLargeError: If a vector or a basis is too large.
    """
    R = parse_rep(R)
    first = _blocks(groups[0], R)
    bases = [[block.basis for block in first]]
    for G in groups[1:]:
        # the tables of positions depend on the space alone: built once, not for every group
        same = R.over(G) == R.over(groups[0]) and G.space == groups[0].space
        tensors = [b.tensor for b in first] if same else [b.tensor for b in _blocks(G, R)]
        bases.append([tensor_basis(G, tensor) for tensor in tensors])
    by_block = zip(first, zip(*bases, strict=True), strict=True)
    return [(block.tensor, block.index, list(each)) for block, each in by_block]


def equivariant_basis(G: str | Group, R: str | Rep) -> Tensor:
    """Orthonormal basis of {v : rho(g) v = v for all g in G}, (size R, r) float64.

    Args:
        G: A group on R^d.
        R: A representation; for maps ``rep_in >> rep_out``, whose vectors are W.reshape(-1).

    Raises:
        ValueError: If R is no representation of G, or a solution fails its check.
        TooLargeError: If the basis is too large.

    Example:
        >>> equivariant_basis("O(3)", "T1 >> T1").shape
        torch.Size([9, 1])
    """
    blocks = _blocks(G, R)
    size = sum(block.index.numel() for block in blocks)
    rank = sum(len(block.index) * block.basis.shape[1] for block in blocks)
    require_memory(size * rank, f"The basis of {R} under {G}, {size} x {rank},", INSTEAD)
    return scatter_bases(size, [(block.index, block.basis) for block in blocks])


def equivariant_projector(G: str | Group, R: str | Rep) -> Tensor:
    """Orthogonal projector P = Q Q^T onto the equivariant vectors, (size R, size R) float64.

    Raises:
        ValueError: If R is no representation of G, or a solution fails its check.
        TooLargeError: If the projector is too large.
    """
    G = parse_group(G)
    size = parse_rep(R).over(G).size(G.space)
    require_memory(size**2, f"The projector of {R} under {G}, {size} x {size},", INSTEAD)
    Q = equivariant_basis(G, R)
    return Q @ Q.T
