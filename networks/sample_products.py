"""Products of many small matrices with many small vectors, one set of them for each sample.

    out[c,b,I,n] = sum over J of matrices[c,I,J,n] vectors[b,J,n]

With the batch n as the last axis every step runs along contiguous numbers. Libraries for batched
matrix products spend most of their time on what surrounds matrices of size 3 or 9.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGE = 2**22
"""Numbers of all single products up to which they are built at once, before they are added up."""


def sample_products(matrices: Tensor, vectors: Tensor) -> Tensor:
    """out[c,b,I,n] = sum over J of matrices[c,I,J,n] vectors[b,J,n].

    Differentiable forwards and backwards, to any order.

    Args:
        matrices: (c, size I, size J, batch).
        vectors: (b, size J, batch).

    Returns:
        (c, b, size I, batch).
    """
    batch = matrices.shape[-1]
    most = max(LARGE * batch // max(matrices.numel() * len(vectors), 1), 1)
    if most >= batch or torch.compiler.is_compiling():
        return _products(matrices, vectors)
    parts = zip(matrices.split(most, -1), vectors.split(most, -1), strict=True)
    return torch.cat([_products(*part) for part in parts], -1)


def _products(matrices: Tensor, vectors: Tensor) -> Tensor:
    # expanded by hand, because gradients sum over what is broadcast, and a sum over two axes
    # apart from each other is ten times slower than one after the other
    rows = vectors[:, None].expand(-1, matrices.shape[1], -1, -1)
    return (matrices[:, None] * rows).sum(3)
