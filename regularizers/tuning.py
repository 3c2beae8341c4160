"""Runs the strength policy and keeps the history of strengths and penalties."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from softsym.regularizers.base import Regularizer
from softsym.regularizers.policies import StrengthPolicy

UNCONSTRAINED = (math.nan, math.nan, math.nan)
"""Asymmetry, tolerance and price of a symmetry on which the policy puts no constraint."""


class StrengthTuning(Callback):
    """Applies the policy after each epoch; a checkpoint keeps its state and the history.

    Args:
        policy: Decides the strengths.
        regularizers: All regularizers; the policy is told of those that measure a symmetry.
    """

    def __init__(self, policy: StrengthPolicy, regularizers: Mapping[str, Regularizer]) -> None:
        self.policy = policy
        self.regularizers = regularizers
        self.symmetries = [name for name, r in regularizers.items() if r.group is not None]
        self._epochs: list[tuple[int, list[float], list[float]]] = []
        self._constraints: list[list[tuple[float, ...]]] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Raises a ValueError if the module does not tell this object of its epochs."""
        if getattr(pl_module, "tuning", None) is not self:
            raise ValueError(
                f"StrengthTuning is given as a callback, but {type(pl_module).__name__} does not "
                "tell it of any penalty. Give the trainer callbacks=[softsym.Symmetries({...}, "
                "policy=...)] instead, which holds regularizers and policy."
            )

    @property
    def state_key(self) -> str:
        """Key of policy and history in a checkpoint."""
        return "StrengthTuning"

    @property
    def history(self) -> list[tuple[int, str, float, float]]:
        """Epoch, name, strength and mean penalty of each symmetry in each epoch."""
        return [
            (epoch, name, strength, penalty)
            for epoch, strengths, penalties in self._epochs
            for name, strength, penalty in zip(self.symmetries, strengths, penalties, strict=True)
        ]

    @property
    def constraints(self) -> list[tuple[float, ...]]:
        """Asymmetry, tolerance and price of each row of the history, if the policy has them."""
        if not self.policy.constraints:
            return []
        return [one for of_epoch in self._constraints for one in of_epoch]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The history, each row with its constraint if the policy has any."""
        if not self.constraints:
            return list(self.history)
        pairs = zip(self.history, self.constraints, strict=True)
        return [(*row, *constraint) for row, constraint in pairs]

    def begin(self) -> None:
        """Lets the policy decide the strengths that a training begins with."""
        self._apply(self.policy.begin(self._strengths()))

    def start(self, penalties: Mapping[str, float]) -> None:
        """Lets the policy change the strengths before the first step, if it has asked then."""
        self._apply(self.policy.update(0, penalties, self._strengths()))

    def end_epoch(self, epoch: int, penalties: Mapping[str, float]) -> None:
        """Adds an epoch, counted from 0, to the history; then lets the policy change the strengths.

        ``penalties`` are the means of each regularizer over the epoch's steps and ranks.
        """
        observed = {name: penalties[name] for name in self.symmetries}
        used = self._strengths()
        self._epochs.append((epoch, list(used.values()), list(observed.values())))
        self._apply(self.policy.update(epoch + 1, observed, used))
        known = self.policy.constraints
        self._constraints.append([known.get(name, UNCONSTRAINED) for name in self.symmetries])

    def _strengths(self) -> dict[str, float]:
        return {name: self.regularizers[name].strength for name in self.symmetries}

    def _apply(self, strengths: Mapping[str, float]) -> None:
        for name, strength in strengths.items():
            self.regularizers[name].strength = strength

    def state_dict(self) -> dict[str, Any]:
        """Returns the policy's state, and the history as tensors."""
        epochs, strengths, penalties = (
            zip(*self._epochs, strict=True) if self._epochs else ((),) * 3
        )
        return {
            "policy": self.policy.state_dict(),
            "symmetries": list(self.symmetries),
            "epochs": torch.tensor(epochs, dtype=torch.int64),
            "strengths": torch.tensor(strengths, dtype=torch.float64),
            "penalties": torch.tensor(penalties, dtype=torch.float64),
            "constraints": torch.tensor(self._constraints, dtype=torch.float64),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores policy and history of a checkpoint made with the same symmetries."""
        if state_dict["symmetries"] != self.symmetries:
            raise ValueError(
                f"The checkpoint was trained with the symmetries {state_dict['symmetries']}, this "
                f"run has {self.symmetries}. Resume with the config of that run."
            )
        self.policy.load_state_dict(state_dict["policy"])
        columns = (state_dict[key].tolist() for key in ("epochs", "strengths", "penalties"))
        self._epochs = list(zip(*columns, strict=True))
        # checkpoints of earlier versions have none
        kept = state_dict.get("constraints")
        known = [[UNCONSTRAINED] * len(self.symmetries)] * len(self._epochs)
        known = known if kept is None else kept.tolist()
        self._constraints = [list(map(tuple, of_epoch)) for of_epoch in known]
