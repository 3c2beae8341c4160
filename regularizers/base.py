"""The contract of a regularizer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

from lightning import Callback, LightningModule, Trainer
from torch import Tensor, nn

from softsym.regularizers.coverage import Coverage
from softsym.symmetries import Group
from softsym.symmetries.numbers import require_number


class Regularizer(Callback, ABC):
    """One term ``strength * penalty`` of the loss.

    A regularizer is a Lightning callback: training calls its ``setup``, and a checkpoint keeps
    its state in the section of the callbacks. The network's ``state_dict`` stays that of a plain
    network.

    Args:
        strength: Factor of the penalty in the loss, at least 0.
        name: Key in config and logs; the name of the class by default. A training module replaces
            it by the key under which it lists the regularizer.

    Attributes:
        group: The symmetry that the penalty measures; None if it measures none.
        coverage: What it measures of the network's weights, once bound; None if not weights.
        measures: What the penalty is, in words that a report adds to "The penalty is"; may be
            empty.

    Raises:
        ValueError: If the strength is negative or not finite.
    """

    group: Group | None = None
    coverage: Coverage | None = None
    measures: str = ""

    def __init__(self, strength: float, name: str | None = None) -> None:
        self.name = name or type(self).__name__
        self.strength = strength

    @property
    def strength(self) -> float:
        """Factor of the penalty in the loss; a strength policy may change it between epochs."""
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        try:
            self._strength = require_number("strength", value)
        except ValueError as error:
            raise ValueError(
                f"Regularizer {self.name!r}: {error} Use 0 to watch a symmetry without training "
                "towards it."
            ) from None

    @property
    def state_key(self) -> str:
        """Key of the state in a checkpoint, different for each name."""
        return f"Regularizer[{self.name}]"

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Binds to the network before training starts.

        Raises:
            ValueError: If the module does not add this regularizer's penalty to its loss.
        """
        require_in_loss(self, pl_module)
        self.bind_for(trainer, network_of(pl_module))

    def bind_for(self, trainer: Trainer, network: nn.Module) -> None:
        """Binds to the network of a trainer's process, which may be one of several."""
        self.bind(network)

    @abstractmethod
    def bind(self, network: nn.Module) -> None:
        """Collects the parts of the network that the penalty measures.

        Raises:
            ValueError: If there are none or they do not fit, with the layer and the reason.
        """

    @abstractmethod
    def penalty(self, module: LightningModule, batch: Any, prediction: Tensor) -> Tensor:
        """Measures how far the model is from what this regularizer asks for.

        Args:
            module: The training module; its ``network`` is the bound one.
            batch: The batch of this step.
            prediction: The network's output for this batch.

        Returns:
            A scalar of at least 0, differentiable in the network's weights.
        """

    @classmethod
    def penalties(
        cls, regularizers: Sequence[Self], module: LightningModule, batch: Any, prediction: Tensor
    ) -> list[Tensor]:
        """Computes the penalties of several regularizers of this class for one batch.

        Each computes its own, unless the class overrides this method to share work. A subclass
        that then changes ``penalty`` has to override both. There is at least one regularizer; the
        other arguments are those of :meth:`penalty`. Returns a scalar for each, in their order.
        """
        return [regularizer.penalty(module, batch, prediction) for regularizer in regularizers]

    def state_dict(self) -> dict[str, Any]:
        """Returns the strength."""
        return {"strength": self.strength}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the strength."""
        self.strength = state_dict["strength"]


def all_penalties(
    regularizers: Mapping[str, Regularizer], module: LightningModule, batch: Any, prediction: Tensor
) -> dict[str, Tensor]:
    """Computes all penalties by name; regularizers of one class compute theirs together."""
    by_class: dict[type[Regularizer], dict[str, Regularizer]] = {}
    for name, regularizer in regularizers.items():
        by_class.setdefault(type(regularizer), {})[name] = regularizer
    penalties: dict[str, Tensor] = {}
    for kind, alike in by_class.items():
        values = kind.penalties(list(alike.values()), module, batch, prediction)
        penalties.update(zip(alike, values, strict=True))
    # the loss adds the terms in this order, which decides its last digits
    return {name: penalties[name] for name in regularizers}


def require_in_loss(regularizer: Regularizer, pl_module: LightningModule) -> None:
    """Raises a ValueError unless a training module lists a regularizer, and so adds its penalty."""
    if not isinstance(pl_module, LightningModule):
        return
    listed = getattr(pl_module, "regularizers", None)
    if not isinstance(listed, Mapping) or all(r is not regularizer for r in listed.values()):
        raise ValueError(
            f"The regularizer {regularizer.name!r} is given as a callback, but "
            f"{type(pl_module).__name__} does not add its penalty to the loss. Give the trainer "
            f"callbacks=[softsym.Symmetries({{{regularizer.name!r}: regularizer}})] instead."
        )


def network_of(pl_module: LightningModule) -> nn.Module:
    """Returns the network that a training module trains, or the module if it has none."""
    return cast(nn.Module, getattr(pl_module, "network", pl_module))
