"""The prior of residual pathways: penalises the size of one path of a network's weights."""

from __future__ import annotations

from typing import Any

import torch
from lightning import LightningModule
from torch import Tensor, nn

from softsym.regularizers.base import Regularizer
from softsym.regularizers.coverage import coverage, describe

ROLES = ("equivariant", "residual")


class PathRegularizer(Regularizer):
    """||weights||^2 + ||biases||^2 of one path, over all layers (Finzi et al. 2021, RPP).

    For W = P_G w + v, ``path="residual"`` gives ||v||^2 and ``path="equivariant"`` gives ||w||^2.
    Up to factors these are minus the logarithms of Gaussian priors on v and w.

    Args:
        path: ``equivariant`` or ``residual``.
        strength: Factor of the penalty.
        name: Key in config and logs.

    Raises:
        ValueError: If the path is neither.
    """

    def __init__(self, path: str, strength: float, name: str | None = None) -> None:
        super().__init__(strength, name)
        if path not in ROLES:
            raise ValueError(f"path must be one of {', '.join(ROLES)}; got {path!r}.")
        self.path = path

    def bind(self, network: nn.Module) -> None:
        """Collects the parameters of all modules whose ``role`` is this path."""
        self._parameters = [
            parameter
            for module in network.modules()
            if getattr(module, "role", None) == self.path
            for parameter in module.parameters(recurse=False)
        ]
        if not self._parameters:
            raise ValueError(
                f"Regularizer {self.name!r} finds no {self.path} path in "
                f"{type(network).__name__}; choose network=rpp or network=mixed_rpp, or leave it "
                f"out with '~regularizers.{self.name}'."
            )

        self.coverage = coverage(network, self._parameters)
        describe(network, f"Penalties on the {self.path} path", self.coverage)

    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Sums the squares of the path's parameters."""
        return torch.cat([p.reshape(-1) for p in self._parameters]).square().sum()
