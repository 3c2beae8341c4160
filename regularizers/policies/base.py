"""The contract of a strength policy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class StrengthPolicy(ABC):
    """Decides the strengths after each epoch, from the same numbers on every rank."""

    @property
    def settled_epoch(self) -> int:
        """Number of epochs after which a model may be kept as the best."""
        return 0

    @property
    def adjusted_epoch(self) -> int | None:
        """The last epoch at which strengths changed, for plots; None if they have not."""
        return None

    @abstractmethod
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        """The strengths for the next epoch.

        Args:
            epochs: Number of epochs trained so far, at least 1.
            penalties: Mean penalty over the last epoch, for each symmetry.
            strengths: Strength during the last epoch, for each symmetry.
        """

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint must keep."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores what a checkpoint kept."""
        self.__dict__.update(state_dict)
