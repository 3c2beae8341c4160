"""What policies share that ask held-out samples: when they do, and how strong is weak."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from softsym.regularizers.policies.base import HeldOut, Question, StrengthPolicy

SPACING = 0.05
"""Share of the epochs so far that pass between two updates: as often per doubling of the training
however long it is, and ever more slowly, so that the network follows."""
WEAK = 0.01
"""Share of the data's loss that a penalty costs at first."""
LARGEST = 1e4
"""Bound of a strength, relative to its first."""
COST = 3.0
"""All penalties together cost at most this multiple of the data's loss. Found on inertia: with 1
strengths come late in a short training, with 9 before the network has learned anything."""
SMALLEST = 1e-3
"""Smallest penalty that sets the scale of a first strength: at an exact symmetry there is none."""
TINY = 1e-30
"""Keeps zeros out of quotients."""


class AskingPolicy(StrengthPolicy):
    """Moves strengths by what held-out samples say, after intervals of 5% of the epochs so far.

    Symmetries take part whose strength in the config is not 0; its size does not matter. A first
    strength makes the penalty cost a hundredth of the loss. The loss that counts is that of
    held-out samples, estimated as 1 - R^2 times the loss per unexplained variance at the start: the
    training loss of a network that interpolates says nothing.
    """

    def __init__(self) -> None:
        self._members: list[str] = []
        self._first: dict[str, float] = {}
        self._due = 1
        self._per_variance, self._loss, self._first_loss = 0.0, 1.0, 0.0
        self._unexplained = 1.0

    @override
    def begin(self, strengths: Mapping[str, float]) -> dict[str, float]:
        if self._members:
            return dict(strengths)
        self._members = [name for name, strength in strengths.items() if strength > 0]
        return dict.fromkeys(strengths, 0.0)

    @override
    def asks(self, epochs: int) -> Question | None:
        if epochs < self._due or not self._members:
            return None
        return Question(tuple(self._members))

    @override
    def learn(self, loss: float, held_out: HeldOut | None) -> None:
        self._first_loss = self._first_loss or loss
        if held_out is None:
            self._loss, self._unexplained = loss, loss / max(self._first_loss, TINY)
            return
        self._unexplained = max(held_out.unexplained, TINY)
        self._per_variance = self._per_variance or loss / self._unexplained
        self._loss = self._per_variance * self._unexplained

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        changed = dict(strengths) if self._members else self.begin(strengths)
        if epochs < self._due or not math.isfinite(self._loss + sum(penalties.values())):
            return changed
        spent = sum(changed[name] * penalties[name] for name in self._members)
        cost = spent / max(COST * self._loss, TINY)
        for name in self._members:
            first = self._first.setdefault(name, WEAK * self._loss / max(penalties[name], SMALLEST))
            moved = self._moved(name, changed[name], first, penalties[name], cost)
            changed[name] = min(moved, LARGEST * first)
        self._due = max(epochs + 1, math.ceil(epochs * (1 + SPACING)))
        return changed

    @abstractmethod
    def _moved(
        self, name: str, strength: float, first: float, penalty: float, cost: float
    ) -> float:
        """The next strength of a symmetry.

        Args:
            name: Of the symmetry.
            strength: Its strength so far.
            first: Its first strength.
            penalty: Its mean penalty over the last epoch.
            cost: What all penalties together cost, relative to the most that they may.
        """

    @override
    def state_dict(self) -> dict[str, Any]:
        return {name: _copied(value) for name, value in vars(self).items()}


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, dict | list) else value
