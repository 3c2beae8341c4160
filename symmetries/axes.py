"""Multiplies tensors axis by axis, so that no matrix of the tensor's size is ever built.

The Kronecker product of k matrices d x d times a vector of d^k numbers costs k d^(k + 1)
multiplications this way, instead of d^(2 k).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def apply(matrices: Sequence[Tensor], v: Tensor) -> Tensor:
    """Multiplies vectors by the Kronecker product of matrices.

    Args:
        matrices: One for each axis, (..., s_k, s_k).
        v: (..., s_1 s_2 ..., n), n vectors side by side.
    """
    before = 1
    for matrix in matrices:
        v = along(matrix, before, v)
        before *= matrix.shape[-1]
    return v


def apply_derivative(matrices: Sequence[Tensor], v: Tensor) -> Tensor:
    """Multiplies vectors by the sum, over all axes, of one matrix on its axis alone.

    By the rule of Leibniz this is the derivative of :func:`apply` at the identity, whose arguments
    it takes.
    """
    total, before = torch.zeros_like(v), 1
    for matrix in matrices:
        total = total + along(matrix, before, v)
        before *= matrix.shape[-1]
    return total


def along(matrix: Tensor, before: int, v: Tensor) -> Tensor:
    """Multiplies by a matrix (..., s, s) the axis of v (..., size, n) after ``before`` numbers."""
    if not v.numel():  # reshape cannot infer an axis of an empty tensor
        return v
    axes = v.reshape(*v.shape[:-2], before, matrix.shape[-1], -1)
    return torch.einsum("...ij,...ajb->...aib", matrix, axes).reshape(v.shape)


def permute(permutation: Tensor, rank: int, v: Tensor) -> Tensor:
    """Moves coordinate i to ``permutation[i]`` on every axis of tensors v (d^rank, n)."""
    axes = v.reshape(*[len(permutation)] * rank, -1)
    # index_select gathers, so it needs the coordinate that moves to each place: the inverse
    source = permutation.argsort()
    for axis in range(rank):
        axes = axes.index_select(axis, source)
    return axes.reshape(v.shape)
