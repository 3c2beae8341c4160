"""Kronecker products and block-diagonal matrices, with leading axes broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor


def kron(a: Tensor, b: Tensor) -> Tensor:
    """Kronecker product of the last two axes; torch.kron would multiply the leading axes too."""
    # row (i, k) and column (j, l) hold a_ij b_kl: row-major in both pairs, as in torch.kron
    whole = torch.einsum("...ij,...kl->...ikjl", a, b)
    return whole.reshape(*whole.shape[:-4], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])


def kron_all(factors: Sequence[Tensor], like: Tensor) -> Tensor:
    """Kronecker product of any number of matrices; without any, the 1 x 1 identity as ``like``."""
    return reduce(kron, factors) if factors else torch.ones_like(like[..., :1, :1])


def leibniz(derivatives: Sequence[Tensor], like: Tensor) -> Tensor:
    """Derivative at the identity of a Kronecker product, from the derivatives of its factors."""
    total = torch.zeros_like(like[..., :1, :1])
    ones = [torch.eye(d.shape[-1], dtype=d.dtype, device=d.device) for d in derivatives]
    for k, derivative in enumerate(derivatives):
        # product rule: factor k is differentiated, and the others are 1 at the identity
        total = total + reduce(kron, [*ones[:k], derivative, *ones[k + 1 :]])
    return total


def block_matrix(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """The matrix [[a, b], [c, d]] of blocks (..., n, n)."""
    return torch.cat([torch.cat([a, b], -1), torch.cat([c, d], -1)], -2)


def block_diagonal(parts: Sequence[tuple[int, Tensor]], like: Tensor) -> Tensor:
    """Block-diagonal matrix of square blocks (..., n, n), each repeated ``count`` times."""
    size = sum(count * part.shape[-1] for count, part in parts)
    whole = torch.zeros(*like.shape[:-2], size, size, dtype=like.dtype, device=like.device)
    offset = 0
    for count, part in parts:
        for _ in range(count):
            stop = offset + part.shape[-1]
            whole[..., offset:stop, offset:stop] = part
            offset = stop
    return whole
