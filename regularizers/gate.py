"""The penalty that keeps the symmetry-breaking part of soft gates small."""

from __future__ import annotations

from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn

from softsym.regularizers.base import Regularizer


class GateRegularizer(Regularizer):
    """||w_gated||^2 over all modules that carry a parameter ``w_gated``."""

    def bind(self, network: nn.Module) -> None:
        """Collects the parameters ``w_gated``."""
        weights = (getattr(module, "w_gated", None) for module in network.modules())
        self._gates = [weight for weight in weights if isinstance(weight, nn.Parameter)]
        if not self._gates:
            raise ValueError(
                f"Regularizer {self.name!r} finds no parameter w_gated in "
                f"{type(network).__name__}; leave it out with '~regularizers.{self.name}'."
            )

    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Sums the squares of the gates' weights."""
        return torch.cat([gate.reshape(-1) for gate in self._gates]).square().sum()
