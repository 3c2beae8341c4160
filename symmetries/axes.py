"""Acts on tensors one axis at a time, so that no matrix of the tensor's size is ever built."""

from __future__ import annotations

import torch
from torch import Tensor

from symmetries.representations import T


def act(tensor: T, g: Tensor, v: Tensor) -> Tensor:
    """rho(g) v for one group element g (d, d) and vectors v (d^rank, n) of the type."""
    dual = torch.linalg.inv(g).mT if tensor.q else g
    for axis in range(tensor.rank):
        v = apply_to_axis(g if axis < tensor.p else dual, axis, v)
    return v


def act_infinitesimally(tensor: T, A: Tensor, v: Tensor) -> Tensor:
    """drho(A) v for A (d, d) of the algebra and vectors v (d^rank, n) of the type."""
    result = torch.zeros_like(v)
    for axis in range(tensor.rank):
        result += apply_to_axis(A if axis < tensor.p else -A.mT, axis, v)
    return result


def apply_to_axis(matrix: Tensor, axis: int, v: Tensor) -> Tensor:
    """Multiplies one index of tensors v (d^rank, n), n vectors side by side, by a matrix (d, d)."""
    dim = len(matrix)
    axes = v.reshape(dim**axis, dim, -1)
    return torch.einsum("ij,ajb->aib", matrix, axes).reshape(v.shape)
