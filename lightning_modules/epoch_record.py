"""Keeps the losses and penalties of an epoch, and logs it at its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from softsym.lightning_modules.evidence import Studied, Witness
from softsym.lightning_modules.nonfinite import nonfinite_epoch
from softsym.regularizers import StrengthTuning
from softsym.regularizers.base import all_penalties
from softsym.symmetries.numbers import require_whole


class EpochRecord(Callback):
    """Averages losses and penalties over the steps and ranks of each training epoch.

    The means go to the strength policy and, with all other values of the epoch, to the loggers, at
    intervals of ``log_every_n_epochs`` and after the last epoch. A checkpoint within an epoch keeps
    the steps so far, so that a resumed epoch has the same means.

    Args:
        tuning: Applies the policy.
        log_every_n_epochs: Interval between two epochs that loggers are told.
        studied: Returns the network that the policy may ask about.
    """

    def __init__(
        self,
        tuning: StrengthTuning,
        log_every_n_epochs: int = 1,
        studied: Callable[[], Studied] | None = None,
    ) -> None:
        require_whole("log_every_n_epochs", log_every_n_epochs, least=1)
        self.tuning, self.log_every_n_epochs = tuning, log_every_n_epochs
        self._studied, self._witness = studied, Witness()
        self._steps: list[Tensor] = []
        self._values: dict[str, float] = {}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Forgets the steps of an interrupted epoch; a checkpoint to resume is read later."""
        self._steps, self._witness = [], Witness()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Moves the steps that a checkpoint restored to the device; the policy begins."""
        self._steps = [step.to(pl_module.device) for step in self._steps]
        self.tuning.begin()
        if self._learned(trainer, 0, None):
            self.tuning.start(self._weight_penalties(trainer, pl_module))

    def observe(self, total: Tensor, task: Tensor, penalties: Mapping[str, Tensor]) -> None:
        """Adds one step: the loss, the task's part of it, and the penalties, all scalars."""
        # kept on the device: turning them into numbers would make the host wait in every step
        terms = [value.detach() for value in (total, task, *penalties.values())]
        self._steps.append(torch.stack(terms).double())

    def note(self, values: Mapping[str, float]) -> None:
        """Adds values to those that loggers are told at the end of the epoch.

        Not called ``log``, which Lightning replaces on every callback.
        """
        self._values.update(values)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Hands the mean penalties to the policy and all means, if finite, to the loggers."""
        if not self._steps:
            return
        steps, self._steps = torch.stack(self._steps), []
        mean = trainer.strategy.reduce(steps.mean(0), reduce_op="mean")
        total, task, *rest = mean.tolist()
        self._end_tuning(trainer, task, rest)
        if not math.isfinite(total):
            raise nonfinite_epoch(steps[:, 0].tolist(), trainer.current_epoch)
        self.note({"train/loss": total, "train/task_loss": task})
        self._tell_loggers(trainer)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Adds, within an epoch, the steps so far as means over the ranks."""
        if self._steps:
            mean = trainer.strategy.reduce(torch.stack(self._steps), reduce_op="mean")
            checkpoint["callbacks"][self.state_key] = {"steps": mean.cpu()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the steps of the interrupted epoch."""
        self._steps = list(state_dict["steps"])

    def _end_tuning(self, trainer: Trainer, task: float, means: list[float]) -> None:
        """Logs penalties and the strengths they were trained with, then applies the policy."""
        regularizers, policy = self.tuning.regularizers, self.tuning.policy
        if not regularizers:
            return
        penalties = dict(zip(regularizers, means, strict=True))
        self.note({f"penalty/{name}": penalty for name, penalty in penalties.items()})
        self.note({f"strength/{name}": r.strength for name, r in regularizers.items()})
        epoch = trainer.current_epoch
        self._learned(trainer, epoch + 1, task)
        self.tuning.end_epoch(epoch, penalties)
        for name, constraint in policy.constraints.items():
            self.note({f"{key}/{name}": value for key, value in constraint._asdict().items()})

    def _learned(self, trainer: Trainer, epochs: int, loss: float | None) -> bool:
        """Asks held-out samples what the policy wants to know; False if it wants or gets nothing.

        Without a loss, before the first step, that of the held-out samples counts.
        """
        policy = self.tuning.policy
        question = policy.asks(epochs)
        studied = None if question is None or self._studied is None else self._studied()
        if question is None or studied is None or (loss is None and studied.loss is None):
            return False
        named = self.tuning.regularizers.items()
        groups = {n: r.group for n, r in named if r.group is not None}
        found = self._witness.answer(trainer, studied, groups, question, epochs)
        if loss is None and found is None:
            return False
        policy.learn(found.loss if loss is None and found is not None else loss or 0.0, found)
        return True

    def _weight_penalties(self, trainer: Trainer, pl_module: LightningModule) -> dict[str, float]:
        """Penalties of weights under each symmetry; they need no batch."""
        named = self.tuning.regularizers.items()
        of_weights = {n: r for n, r in named if r.group is not None and r.coverage is not None}
        if not of_weights:
            return {}
        with torch.no_grad():
            found = all_penalties(of_weights, pl_module, None, torch.empty(0))
        mean = trainer.strategy.reduce(torch.stack(list(found.values())), reduce_op="mean")
        return dict(zip(found, mean.tolist(), strict=True))

    def _tell_loggers(self, trainer: Trainer) -> None:
        # Lightning's own log, called for each value and epoch, would cost as much as the training
        epoch, last = trainer.current_epoch, (trainer.max_epochs or 0) - 1
        if epoch % self.log_every_n_epochs == 0 or epoch == last:
            for logger in trainer.loggers:
                logger.log_metrics(self._values | {"epoch": epoch}, step=trainer.global_step)
        self._values = {}
