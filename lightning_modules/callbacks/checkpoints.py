"""Checkpoints of the best model with settled strengths, and of the latest state."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from softsym.lightning_modules.callbacks.graceful_stop import Preempted, can_resume_after
from softsym.lightning_modules.callbacks.step_exchange import StepExchange
from softsym.lightning_modules.symmetry_module import SymmetryModule


class OnceSettled(Callback):
    """Mixin for callbacks that monitor a metric: ignores epochs before the strengths settle."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calls the callback's own method if the strengths have settled."""
        if _settled(trainer, pl_module):
            super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calls the callback's own method if the strengths have settled."""
        if _settled(trainer, pl_module):
            super().on_train_epoch_end(trainer, pl_module)


class BestCheckpoint(OnceSettled, ModelCheckpoint):
    """``ModelCheckpoint`` of the best model with settled strengths.

    The tested model should have been trained with the strengths that the policy arrived at. In the
    paper it is the best on validation after twice the epoch of adjustment.
    """


class LastCheckpoint(ModelCheckpoint):
    """``ModelCheckpoint`` of the latest state, which also saves when training ends or is preempted.

    Training may end between two regular saves: after its last epoch, early, or by a signal.

    Args:
        every_n_minutes: Minutes between two further saves, which may fall within an epoch; None
            saves after epochs alone. The clock of rank 0 counts.
        **settings: Settings of ``ModelCheckpoint``.

    Raises:
        ValueError: If the minutes are not positive.
    """

    def __init__(self, *args: Any, every_n_minutes: float | None = None, **settings: Any) -> None:
        if every_n_minutes is not None and every_n_minutes <= 0:
            raise ValueError(
                "checkpoint.every_n_minutes must be more than 0, or null to save after epochs "
                f"alone; got {every_n_minutes}."
            )
        super().__init__(*args, **settings)
        self._seconds = None if every_n_minutes is None else 60.0 * every_n_minutes
        self._saved_at, self._due = 0.0, False
        self._clocks: StepExchange | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prepares to share the clock of rank 0."""
        if self._seconds is not None and trainer.world_size > 1:
            self._clocks = StepExchange(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        super().on_train_start(trainer, pl_module)
        self._saved_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves if the time has come; the last step of an epoch leaves it to the next step."""
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
        if self._seconds is None:
            return
        # all ranks have to save at the same step, as a save gathers from all; their clocks differ
        due = self._ask_rank_zero(time.monotonic() - self._saved_at >= self._seconds)
        self._due = due or self._due
        if self._due and can_resume_after(trainer, batch_idx):
            self._save_now(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the state that the training ended with."""
        super().on_train_end(trainer, pl_module)
        if self._clocks is not None:
            self._clocks.drain()
            self._clocks = None
        self._save_now(trainer)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Saves the state that a signal left behind, if it is one to resume from."""
        super().on_exception(trainer, pl_module, exception)
        if isinstance(exception, Preempted) and exception.between_steps:
            self._save_now(trainer)

    def _ask_rank_zero(self, due: bool) -> bool:
        """Returns rank 0's answer; with several ranks, that of a step ago."""
        if self._clocks is None:
            return due
        table = self._clocks.step(torch.tensor([int(due)]))
        return table is not None and bool(table[0, 0])

    def _save_now(self, trainer: Trainer) -> None:
        self._saved_at, self._due = time.monotonic(), False
        if self.dirpath is not None and not cast(Any, trainer).fast_dev_run:
            trainer.save_checkpoint(Path(self.dirpath) / f"{self.filename}{self.FILE_EXTENSION}")


class SettledEarlyStopping(OnceSettled, EarlyStopping):
    """``EarlyStopping`` that starts to count when the strengths have settled."""


def _settled(trainer: Trainer, pl_module: LightningModule) -> bool:
    policy = cast(SymmetryModule, pl_module).tuning.policy
    return trainer.current_epoch >= policy.settled_epoch
