"""Users' models as functions of normalised float64 tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Function = Callable[[Tensor], Tensor]
CHUNK = 4096
PROBES = 64


def as_function(model: Callable[..., Any], like: Any, x_scale: Tensor, y_scale: Tensor) -> Function:
    """Wraps a model for inputs and targets that were divided by their scales.

    A module gets tensors of its own dtype and device; any other callable gets what the user's
    inputs are, numpy arrays or tensors.

    Args:
        model: Maps (n, size in) to (n, size out), or to (n,) for one target.
        like: The user's inputs.
        x_scale: What the inputs were divided by, (size in,).
        y_scale: What the targets were divided by, (size out,).
    """
    give = _giver(model, like)

    def function(x: Tensor) -> Tensor:
        with torch.no_grad():
            parts = [
                _as_tensor(model(give(part * x_scale)), len(part), len(y_scale))
                for part in x.split(CHUNK)
            ]
        return torch.cat(parts) / y_scale

    return function


@contextmanager
def evaluating(model: object) -> Iterator[None]:
    """Puts a module into evaluation mode, and back into the mode it was in."""
    if not isinstance(model, nn.Module):
        yield
        return
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def require_usable(f: Function, x: Tensor) -> None:
    """Checks a model on some inputs (n, size in).

    Raises:
        ValueError: If its values are not finite, differ when it is called again, or depend on the
            other inputs of the call.
    """
    first, again = f(x[:PROBES]), f(x[:PROBES])
    if not torch.isfinite(first).all():
        raise ValueError(
            "The model returns NaN or infinity for some of x. Mend it, or test without a model."
        )
    if not torch.allclose(first, again, rtol=1e-6, atol=1e-9):
        raise ValueError(
            "The model is not deterministic: two calls on the same inputs differ by up to "
            f"{float((first - again).abs().max()):.2g} spreads of the targets. Switch off dropout "
            "and sampling, as model.eval() does, or fix its seed."
        )
    apart = torch.cat([f(part) for part in x[:PROBES].split([1, min(len(x), PROBES) - 1])])
    if not torch.allclose(first, apart, rtol=1e-3, atol=1e-3):
        raise ValueError(
            "The model's value at an input depends on the other inputs of the call: it differs by "
            f"up to {float((first - apart).abs().max()):.2g} spreads of the targets. Use the "
            "statistics of training for normalisation, as model.eval() does."
        )


def _giver(model: object, like: Any) -> Callable[[Tensor], Any]:
    if isinstance(model, nn.Module):
        parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
        if parameter is not None:
            return lambda x: x.to(parameter.device, parameter.dtype)
        return lambda x: x.to(torch.get_default_dtype())
    if isinstance(like, Tensor):
        dtype = like.dtype if like.is_floating_point() else torch.get_default_dtype()
        return lambda x: x.to(like.device, dtype)
    return lambda x: x.numpy()


def _as_tensor(values: Any, n: int, size: int) -> Tensor:
    table = (
        values.detach().cpu() if isinstance(values, Tensor) else torch.as_tensor(np.asarray(values))
    )
    if table.shape == (n,) and size == 1:
        table = table[:, None]
    if table.shape != (n, size) or table.is_complex():
        raise ValueError(
            f"The model must return real numbers of shape ({n}, {size}) for {n} inputs, as y has; "
            f"got {tuple(table.shape)}{' of complex numbers' if table.is_complex() else ''}."
        )
    return table.double()
