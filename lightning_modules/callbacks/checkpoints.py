"""Checkpoints of the best model with settled strengths, and of the latest state."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from softsym.lightning_modules.callbacks.graceful_stop import Preempted, can_resume_after
from softsym.lightning_modules.callbacks.step_exchange import StepExchange
from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.symmetries.numbers import require_number, require_whole

PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")
"""The entries of a ``ModelCheckpoint``'s state that name one file each."""


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


class MovableCheckpoint(ModelCheckpoint):
    """``ModelCheckpoint`` whose files may move to another folder, or be copied there.

    Lightning keeps absolute paths, and forgets the best score where they differ: a run in a renamed
    folder would choose another best model, and one in a copied folder test the original's. Here a
    saved state names files relative to ``dirpath``.
    """

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of ``ModelCheckpoint`` with relative paths."""
        state = super().state_dict()
        return _with_paths(state, lambda path: _below(path, self.dirpath)) | {"dirpath": None}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores a state, which is then about the files in this callback's own folder."""
        super().load_state_dict(self._here(state_dict))

    def kept_best(self, state_dict: dict[str, Any]) -> Path | None:
        """The file of the best model that a saved state speaks of; None if it speaks of none."""
        path = self._here(state_dict)["best_model_path"]
        return Path(path) if path else None

    def _here(self, state: dict[str, Any]) -> dict[str, Any]:
        """A saved state with the paths of the files in this callback's folder."""
        saved_in = state.get("dirpath")  # None, except in checkpoints of version 0.1.0
        here = Path(self.dirpath or "")
        made = _with_paths(state, lambda path: str(here / _below(path, saved_in)))
        return made | {"dirpath": self.dirpath}


class BestCheckpoint(OnceSettled, MovableCheckpoint):
    """``ModelCheckpoint`` of the best model with settled strengths.

    The tested model should have been trained with the strengths that the policy arrived at. In the
    paper it is the best on validation after twice the epoch of adjustment.
    """


class LastCheckpoint(MovableCheckpoint):
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
        if every_n_minutes is not None:
            name = "checkpoint.every_n_minutes (null saves after epochs alone)"
            require_number(name, every_n_minutes, above=True)
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
    """``EarlyStopping`` that starts to count when the strengths have settled.

    Args:
        monitor: The metric.
        patience: Number of validations without improvement after which the training ends.
        **settings: Settings of ``EarlyStopping``.

    Raises:
        ValueError: If the patience is no whole number.
    """

    def __init__(self, monitor: str, *, patience: int = 3, **settings: Any) -> None:
        require_whole("patience of early stopping", patience, least=0)
        super().__init__(monitor, patience=patience, **settings)


def _settled(trainer: Trainer, pl_module: LightningModule) -> bool:
    policy = cast(SymmetryModule, pl_module).tuning.policy
    return trainer.current_epoch >= policy.settled_epoch


def _with_paths(state: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """A ``ModelCheckpoint``'s state with each path in it changed; an empty one means no file."""
    paths = {key: change(state[key]) if state.get(key) else "" for key in PATHS}
    scores = {change(path): score for path, score in state.get("best_k_models", {}).items()}
    return state | paths | {"best_k_models": scores}


def _below(path: str, folder: str | Path | None) -> str:
    """A path relative to a folder; one that is elsewhere by its file name alone."""
    if folder and Path(path).is_relative_to(folder):
        return str(Path(path).relative_to(folder))
    return path if not Path(path).is_absolute() else Path(path).name
