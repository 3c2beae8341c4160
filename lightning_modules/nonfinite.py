"""Finds the origin of a NaN or an infinity in the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from softsym.runs.errors import UserError
from softsym.symmetries.batches import tensors


class NonFiniteLossError(UserError, RuntimeError):
    """The loss of a step is NaN or infinite; the message names batch and cause."""


def nonfinite_loss(total: float, epoch: int, batch: str, cause: str) -> NonFiniteLossError:
    """Makes the error of one batch, with its cause in words."""
    return NonFiniteLossError(
        f"The loss is {total} in epoch {epoch}, batch {batch}: {cause}. A smaller learning "
        "rate or smaller strengths may help."
    )


def nonfinite_epoch(losses: Sequence[float], epoch: int) -> NonFiniteLossError:
    """Makes the error of an epoch, given this process's loss of each batch."""
    bad = [batch for batch, total in enumerate(losses) if not math.isfinite(total)]
    if not bad:
        cause = "finite here, but not on another process, whose message says where"
        return nonfinite_loss(losses[-1], epoch, str(len(losses) - 1), cause)
    cause = "later steps have hidden the cause, which trainer=cpu would name"
    return nonfinite_loss(losses[bad[0]], epoch, str(bad[0]), cause)


def explain_nonfinite(
    network: nn.Module, inputs: Any, targets: Any, terms: Mapping[str, Tensor]
) -> str:
    """Names the earliest cause that is not finite: data, a parameter, a layer, or a term.

    The network is called once more, with hooks on its layers. ``terms`` are those of the loss.
    """
    given = [("inputs", v) for v in tensors(inputs)] + [("targets", v) for v in tensors(targets)]
    for what, values in given:
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


def _first_layer(network: nn.Module, inputs: Any) -> str | None:
    """Names the first layer whose output is not finite."""
    bad: list[str] = []

    def watch(name: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Any) -> None:
            if isinstance(output, Tensor) and not bad and not torch.isfinite(output).all():
                bad.append(name or type(network).__name__)

        return hook

    handles = [m.register_forward_hook(watch(name)) for name, m in network.named_modules()]
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return bad[0] if bad else None
