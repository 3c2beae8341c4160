"""Applies a linear map so that the layers after it find features as they read them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def linear_map(features: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Maps features to x W^T + b, as ``F.linear``, with the batch as the last axis in memory.

    Bilinear term and gate take features apart by type. With the batch last each type is one
    piece of memory and nothing has to be copied between the layers.

    Args:
        features: (..., size in).
        weight: (size out, size in).
        bias: (size out,) or None.

    Returns:
        (..., size out); of two axes, the transposed of a contiguous tensor.
    """
    if features.ndim != 2:
        return F.linear(features, weight, bias)
    if bias is None:
        return (weight @ features.T).T
    return torch.addmm(bias[:, None], weight, features.T).T
