"""The contract of a regularizer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, cast

from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from softsym.symmetries import Group


class Regularizer(Callback, ABC):
    """One term ``strength * penalty`` of the loss.

    A Lightning callback, so that training calls ``setup`` and the checkpoint keeps its state in
    the callbacks' section, while the network's ``state_dict`` stays a plain network.

    Args:
        strength: Factor of the penalty in the loss, at least 0.
        name: Key in config and logs; the class by default, and the key of the list it is put in.

    Attributes:
        name: Key of the regularizer in the config and of its logs; the list of regularizers
            sets it.
        strength: Changed by a strength policy while training runs.
        group: The symmetry it stands for; None for a term that stands for none.

    Raises:
        ValueError: If the strength is negative or not finite.
    """

    group: Group | None = None

    def __init__(self, strength: float, name: str | None = None) -> None:
        self.name = name or type(self).__name__
        self.strength = strength

    @property
    def strength(self) -> float:
        """Factor of the penalty in the loss."""
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0:
            raise ValueError(
                f"The strength of a regularizer must be a number of at least 0; got {value!r} for "
                f"{self.name!r}. Use 0 to watch a symmetry without training towards it."
            )
        self._strength = float(value)

    @property
    def state_key(self) -> str:
        """Where the checkpoint keeps the state: one entry for each name."""
        return f"Regularizer[{self.name}]"

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Binds to the network before training starts."""
        self.bind(network_of(pl_module))

    @abstractmethod
    def bind(self, network: nn.Module) -> None:
        """Finds what to act on in the network.

        Raises:
            ValueError: If it cannot, naming the layer and the reason.
        """

    @abstractmethod
    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """How far the model is from what this asks for.

        Args:
            module: The training module; its ``network`` is the bound one.
            batch: The batch of this step.
            prediction: What the network gives for it.

        Returns:
            A scalar of at least 0, differentiable in the network's weights.
        """

    def state_dict(self) -> dict[str, Any]:
        """The strength."""
        return {"strength": self.strength}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the strength."""
        self.strength = state_dict["strength"]


def network_of(pl_module: LightningModule) -> nn.Module:
    """The network that a training module trains; the module itself where it names none."""
    return cast(nn.Module, getattr(pl_module, "network", pl_module))
