"""Multiplies tensors one axis at a time, so that no matrix of the tensor's size is ever built."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def apply(matrices: Sequence[Tensor], v: Tensor) -> Tensor:
    """The Kronecker product of matrices, times vectors.

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
    """The sum over axes of one matrix on its axis alone (the rule of Leibniz), times vectors.

    Args:
        matrices: One for each axis, (..., s_k, s_k).
        v: (..., s_1 s_2 ..., n), n vectors side by side.
    """
    total, before = torch.zeros_like(v), 1
    for matrix in matrices:
        total = total + along(matrix, before, v)
        before *= matrix.shape[-1]
    return total


def along(matrix: Tensor, before: int, v: Tensor) -> Tensor:
    """One matrix (..., s, s) on the axis of v (..., size, n) that ``before`` numbers precede."""
    if not v.numel():
        return v
    axes = v.reshape(*v.shape[:-2], before, matrix.shape[-1], -1)
    return torch.einsum("...ij,...ajb->...aib", matrix, axes).reshape(v.shape)


def permute(permutation: Tensor, rank: int, v: Tensor) -> Tensor:
    """A permutation of R^d on every axis of tensors v (d^rank, n), sending i to its entry i."""
    axes = v.reshape(*[len(permutation)] * rank, -1)
    source = permutation.argsort()
    for axis in range(rank):
        axes = axes.index_select(axis, source)
    return axes.reshape(v.shape)
