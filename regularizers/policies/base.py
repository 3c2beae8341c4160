"""The contract of a strength policy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class StrengthPolicy(ABC):
    """Decides the strengths after each epoch.

    Every rank asks a policy of its own with the same numbers; the answers must be the same.
    """

    @property
    def settled_epoch(self) -> int:
        """Number of epochs after which a model may be kept as the best."""
        return 0

    @property
    def adjusted_epoch(self) -> int | None:
        """The last epoch whose end changed the strengths, for plots; None if there is none."""
        return None

    @abstractmethod
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        """Decides the strengths of the next epoch.

        Args:
            epochs: Number of epochs trained so far, at least 1.
            penalties: Mean penalty over the last epoch, for each symmetry.
            strengths: Strength during the last epoch, for each symmetry.

        Returns:
            The strength of each symmetry.
        """

    def state_dict(self) -> dict[str, Any]:
        """Returns what a checkpoint must keep."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores what ``state_dict`` returned."""
        self.__dict__.update(state_dict)
