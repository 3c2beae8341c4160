"""Finds where a NaN or an infinity came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class NonFiniteLossError(RuntimeError):
    """The loss of a step is NaN or infinite; the message names step, batch and layer."""


def explain_nonfinite(
    network: nn.Module, inputs: Tensor, targets: Tensor, terms: Mapping[str, Tensor]
) -> str:
    """Says in words what is not finite, the earliest cause first.

    Args:
        network: The network, called once more with hooks on its layers.
        inputs: Inputs of the batch, (n, ...).
        targets: Targets of the batch, (n, ...).
        terms: Terms of the loss by name.
    """
    for what, values in (("inputs", inputs), ("targets", targets)):
        if not torch.isfinite(values).all():
            row = int((~torch.isfinite(values)).flatten(1).any(1).nonzero()[0])
            return f"the {what} of the batch are not finite (first in row {row})"
    for name, parameter in network.named_parameters():
        if not torch.isfinite(parameter).all():
            return f"the parameter {name!r} is not finite"
    layer = _first_layer(network, inputs)
    if layer is not None:
        return f"the output of layer {layer!r} is the first that is not finite"
    bad = [name for name, value in terms.items() if not torch.isfinite(value)]
    return f"all layers are finite, but not {', '.join(bad) or 'the sum of the terms'} of the loss"


def _first_layer(network: nn.Module, inputs: Tensor) -> str | None:
    found: list[str] = []

    def watch(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not found and not torch.isfinite(output).all():
                found.append(name or type(network).__name__)

        return hook

    handles = [m.register_forward_hook(watch(name)) for name, m in network.named_modules()]
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else None
