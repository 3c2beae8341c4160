"""Runs the strength policy and keeps the history of strengths and penalties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from softsym.regularizers.base import Regularizer
from softsym.regularizers.policies import StrengthPolicy
from softsym.runs.strengths import StrengthRow


class StrengthTuning(Callback):
    """After each epoch: averages the penalties over steps and ranks, and asks the policy.

    Args:
        policy: Decides the strengths.
        regularizers: All regularizers; the policy is told of those that stand for a symmetry.
    """

    def __init__(self, policy: StrengthPolicy, regularizers: Mapping[str, Regularizer]) -> None:
        self.policy = policy
        self.regularizers = regularizers
        self.symmetries = [name for name, r in regularizers.items() if r.group is not None]
        self._epochs: list[tuple[int, list[float], list[float]]] = []
        self._sum: Tensor | None = None
        self._steps = 0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Forgets what an interrupted epoch has left; a checkpoint that is resumed brings it."""
        self._sum, self._steps = None, 0

    @property
    def state_key(self) -> str:
        """Where the checkpoint keeps policy and history."""
        return "StrengthTuning"

    @property
    def history(self) -> list[StrengthRow]:
        """One row for each epoch and symmetry: the strength it trained with, its mean penalty."""
        return [
            StrengthRow(epoch, name, strength, penalty)
            for epoch, strengths, penalties in self._epochs
            for name, strength, penalty in zip(self.symmetries, strengths, penalties, strict=True)
        ]

    def observe(self, penalties: Mapping[str, Tensor]) -> None:
        """Adds the penalties of one step."""
        step = torch.stack([p.detach() for p in penalties.values()]).double()
        self._sum = step if self._sum is None else self._sum.to(step.device) + step
        self._steps += 1

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the epoch's means and strengths, then lets the policy change the strengths."""
        if self._sum is None:
            return
        mean = trainer.strategy.reduce(self._sum / self._steps, reduce_op="mean")
        self._sum, self._steps = None, 0
        penalties = dict(zip(self.regularizers, mean.tolist(), strict=True))
        strengths = {name: r.strength for name, r in self.regularizers.items()}
        self._log(pl_module, penalties, strengths)
        observed = {name: penalties[name] for name in self.symmetries}
        used = {name: strengths[name] for name in self.symmetries}
        epoch = trainer.current_epoch
        self._epochs.append((epoch, list(used.values()), list(observed.values())))
        for name, strength in self.policy.update(epoch + 1, observed, used).items():
            self.regularizers[name].strength = strength

    def state_dict(self) -> dict[str, Any]:
        """The policy's state and the history as tensors."""
        epochs, strengths, penalties = (
            zip(*self._epochs, strict=True) if self._epochs else ((),) * 3
        )
        return {
            "policy": self.policy.state_dict(),
            "symmetries": list(self.symmetries),
            "epochs": torch.tensor(epochs, dtype=torch.int64),
            "strengths": torch.tensor(strengths, dtype=torch.float64),
            "penalties": torch.tensor(penalties, dtype=torch.float64),
        }

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds, within an epoch, the penalties of its steps so far, as means over the ranks."""
        if self._sum is not None:
            total = trainer.strategy.reduce(self._sum.clone(), reduce_op="mean").cpu()
            checkpoint["callbacks"][self.state_key]["epoch_so_far"] = (total, self._steps)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores all.

        Raises:
            ValueError: If the checkpoint was made with other symmetries.
        """
        if state_dict["symmetries"] != self.symmetries:
            raise ValueError(
                f"The checkpoint was trained with the symmetries {state_dict['symmetries']}, this "
                f"run has {self.symmetries}. Resume with the config of that run."
            )
        self.policy.load_state_dict(state_dict["policy"])
        columns = (state_dict[key].tolist() for key in ("epochs", "strengths", "penalties"))
        self._epochs = list(zip(*columns, strict=True))
        self._sum, self._steps = state_dict.get("epoch_so_far", (None, 0))

    def _log(
        self,
        pl_module: LightningModule,
        penalties: Mapping[str, float],
        strengths: Mapping[str, float],
    ) -> None:
        values = {f"penalty/{name}": value for name, value in penalties.items()}
        values |= {f"strength/{name}": value for name, value in strengths.items()}
        cast(Any, pl_module).log_epoch(values)
