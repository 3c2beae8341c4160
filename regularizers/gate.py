"""The penalty that keeps the symmetry-breaking part of soft gates small."""

from __future__ import annotations

from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn

from softsym.regularizers.base import Regularizer
from softsym.regularizers.effective_weights import effective


class GateRegularizer(Regularizer):
    """||w_gated||^2 over all modules that carry a parameter ``w_gated``."""

    def bind(self, network: nn.Module) -> None:
        """Collects the parameters ``w_gated``."""
        modules = network.modules()
        self._gates = [module for module in modules if effective(module, "w_gated") is not None]
        if not self._gates:
            raise ValueError(
                f"Regularizer {self.name!r} finds no parameter w_gated in "
                f"{type(network).__name__}; leave it out with '~regularizers.{self.name}'."
            )

    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Sums the squares of the gates' weights."""
        weights = (effective(module, "w_gated") for module in self._gates)
        return torch.cat([w.reshape(-1) for w in weights if w is not None]).square().sum()
