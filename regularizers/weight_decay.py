"""Plain weight decay, as a term of the loss."""

from __future__ import annotations

from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn

from softsym.regularizers.base import Regularizer
from softsym.regularizers.effective_weights import effective


class WeightDecay(Regularizer):
    """1/2 (||weights||^2 + ||biases||^2) over the linear layers of the network.

    Gates and the coefficients of bilinear terms do not count.
    """

    def bind(self, network: nn.Module) -> None:
        """Collects the weights and biases of all linear layers."""
        self._layers = [layer for layer in network.modules() if _is_linear(layer)]
        if not self._layers:
            raise ValueError(
                f"Regularizer {self.name!r} finds no linear layer in {type(network).__name__}; "
                f"leave it out with '~regularizers.{self.name}'."
            )

    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Sums the squares of weights and biases, halved."""
        both = (effective(layer, name) for layer in self._layers for name in ("weight", "bias"))
        flat = torch.cat([tensor.reshape(-1) for tensor in both if tensor is not None])
        return 0.5 * flat.square().sum()


def _is_linear(layer: nn.Module) -> bool:
    """Whether a module, whatever its class, has a matrix called ``weight``."""
    weight = effective(layer, "weight")
    return weight is not None and weight.ndim == 2
