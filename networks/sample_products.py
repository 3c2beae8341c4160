"""Products of many small matrices with many small vectors, one set of them for each sample.

    out[c,b,I,n] = sum over J of matrices[c,I,J,n] vectors[b,J,n]

With the batch n as the last axis every step runs along contiguous numbers. Libraries for batched
matrix products spend most of their time on what surrounds matrices of size 3 or 9.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

CACHED = 2**17
"""Numbers of an intermediate up to which it stays in the cache, so that one sum is fastest."""


def sample_products(matrices: Tensor, vectors: Tensor) -> Tensor:
    """out[c,b,I,n] = sum over J of matrices[c,I,J,n] vectors[b,J,n].

    Differentiable forwards and backwards, to any order.

    Args:
        matrices: (c, size I, size J, batch).
        vectors: (b, size J, batch).

    Returns:
        (c, b, size I, batch).
    """
    if torch.compiler.is_compiling():
        return (matrices[:, None] * vectors[None, :, None]).sum(3)  # which a compiler fuses
    products: Tensor = _SampleProducts.apply(matrices, vectors)
    return products


class _SampleProducts(torch.autograd.Function):
    """Each gradient is a sum of the same kind, over other axes."""

    generate_vmap_rule = True

    @staticmethod
    def forward(matrices: Tensor, vectors: Tensor) -> Tensor:
        return _products(matrices, vectors)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        matrices, vectors = ctx.saved_tensors
        over_b = _sum_of_products(
            gradient.movedim(1, 0).unsqueeze(3), vectors[:, None, None], axes=1
        )
        over_c_I = _sum_of_products(
            gradient.transpose(1, 2).unsqueeze(3), matrices.unsqueeze(2), axes=2
        )
        return over_b, over_c_I

    @staticmethod
    def jvp(ctx: Any, matrices_t: Tensor, vectors_t: Tensor) -> Tensor:
        matrices, vectors = ctx.saved_tensors
        return _products(matrices_t, vectors) + _products(matrices, vectors_t)


def _products(matrices: Tensor, vectors: Tensor) -> Tensor:
    left = matrices.movedim(2, 0).unsqueeze(2)
    return _sum_of_products(left, vectors.movedim(1, 0)[:, None, :, None], axes=1)


def _sum_of_products(left: Tensor, right: Tensor, axes: int) -> Tensor:
    """Sum over the first axes of ``left * right``, which are broadcast, batch last.

    A large product is never built: its slices are added up one by one.
    """
    if math.prod(map(max, left.shape, right.shape)) <= CACHED:
        return (left * right).sum(tuple(range(axes)))
    pairs = zip(_slices(left, axes), _slices(right, axes), strict=True)
    total: Tensor = torch.mul(*next(pairs))
    for a, b in pairs:
        total.addcmul_(a, b)
    return total


def _slices(tensor: Tensor, axes: int) -> Iterator[Tensor]:
    """The slices along the first axes, in order."""
    if axes == 0:
        yield tensor
        return
    for part in tensor.unbind(0):
        yield from _slices(part, axes - 1)
