"""Kronecker products and block-diagonal matrices, with leading axes broadcast."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor


def kron(a: Tensor, b: Tensor) -> Tensor:
    """Kronecker product of the last two axes."""
    whole = torch.einsum("...ij,...kl->...ikjl", a, b)
    return whole.reshape(*whole.shape[:-4], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])


def kron_all(factors: Sequence[Tensor], like: Tensor) -> Tensor:
    """Kronecker product of any number of matrices; of none the 1 x 1 identity, as ``like``."""
    return reduce(kron, factors) if factors else torch.ones_like(like[..., :1, :1])


def leibniz(derivatives: Sequence[Tensor], like: Tensor) -> Tensor:
    """Derivative of a Kronecker product at the identity: each factor's in turn, the others 1."""
    total = torch.zeros_like(like[..., :1, :1])
    ones = [torch.eye(d.shape[-1], dtype=d.dtype, device=d.device) for d in derivatives]
    for k, derivative in enumerate(derivatives):
        total = total + reduce(kron, [*ones[:k], derivative, *ones[k + 1 :]])
    return total


def block_diagonal(parts: Sequence[tuple[int, Tensor]], like: Tensor) -> Tensor:
    """Square matrices (..., n, n), each repeated ``count`` times, along one diagonal."""
    size = sum(count * part.shape[-1] for count, part in parts)
    whole = torch.zeros(*like.shape[:-2], size, size, dtype=like.dtype, device=like.device)
    offset = 0
    for count, part in parts:
        for _ in range(count):
            stop = offset + part.shape[-1]
            whole[..., offset:stop, offset:stop] = part
            offset = stop
    return whole
