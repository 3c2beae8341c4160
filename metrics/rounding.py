"""Quotients of sums that stay meaningful where a function's outputs are rounding errors."""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.metrics.type_checks import Function

MEANINGFUL = 100.0
"""Outputs of less than this many rounding errors count as rounding errors altogether."""


def variations(f: Function, x: Tensor, y: Tensor) -> Tensor:
    """Measures how much each output would change if every input changed by its own size.

    The product with the machine's precision is the size of rounding errors in f(x), even where f(x)
    vanishes by cancellation: for a cross product it is about the product of the factors' sizes.

    Args:
        f: Any callable, (n, size in) to (n, size out).
        x: Inputs, (n, size in).
        y: f(x).

    Returns:
        Signed, (n, size out) float64.
    """
    # the step at which truncation and rounding of a difference quotient are alike
    step = torch.finfo(x.dtype).eps ** 0.5
    signs = torch.randint(2, x.shape, generator=torch.Generator().manual_seed(0)).mul(2).sub(1)
    with torch.no_grad():
        moved = f(x * (1 + step * signs.to(x)))
    return (moved.double() - y.double()) / step


def variation(f: Function, x: Tensor, y: Tensor) -> Tensor:
    """The size of :func:`variations` over all outputs, (n,) float64."""
    return variations(f, x, y).norm(dim=-1)


def error_sums(error: Tensor, size: Tensor, varied: Tensor, dtype: torch.dtype) -> Tensor:
    """Sums over the inputs what :func:`relative_error` needs, (4,) float64; sums may be added.

    Args:
        error: Size of each error, (n,).
        size: What each is compared with, (n,).
        varied: :func:`variation` of the function, (n,).
        dtype: The dtype in which the function computes.
    """
    sums = [error.sum(), size.sum(), varied.sum(), torch.finfo(dtype).eps * varied.sum()]
    return torch.stack(sums).double()


def relative_error(sums: Tensor) -> Tensor:
    """The sum of errors relative to the sum of sizes; to the variation, if sizes are rounding."""
    error, size, varied, rounding = sums
    divisor = torch.where(size > MEANINGFUL * rounding, size, varied)
    # 0 / 0 is 0: a function that is zero is equivariant. NaN is kept: one that fails is not.
    return torch.where(error == 0, error, error / divisor)
