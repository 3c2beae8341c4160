"""Products of many small matrices with many small vectors, separately for every sample.

    out[c,b,I,n] = sum over J of matrices[c,I,J,n] vectors[b,J,n]

The batch n is the last axis, so every operation runs along contiguous numbers. Batched matrix
products (bmm) spend most of their time on per-matrix overhead at sizes of 3 or 9.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

LARGE = 2**22
"""Largest intermediate tensor of elementwise products, in numbers; larger batches are split."""


def sample_products(matrices: Tensor, vectors: Tensor) -> Tensor:
    """Multiplies matrices (c, size I, size J, batch) and vectors (b, size J, batch) pairwise.

    Returns (c, b, size I, batch). Differentiable forwards and backwards, to any order.
    """
    batch = matrices.shape[-1]
    most = max(LARGE // max(prod(matrices.shape[:-1]) * len(vectors), 1), 1)
    # first of the two: a comparison would tie an exported program to batches up to this size
    if torch.compiler.is_compiling() or most >= batch:
        return _products(matrices, vectors)
    parts = zip(matrices.split(most, -1), vectors.split(most, -1), strict=True)
    return torch.cat([_products(*part) for part in parts], -1)


def _products(matrices: Tensor, vectors: Tensor) -> Tensor:
    # The gradient of a broadcast is a sum over the broadcast axes. Summing two non-adjacent axes at
    # once is ten times slower than one after the other, so one broadcast is an explicit expand.
    rows = vectors[:, None].expand(-1, matrices.shape[1], -1, -1)
    return (matrices[:, None] * rows).sum(3)
