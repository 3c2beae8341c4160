"""Writes ``strengths.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, cast

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_only

from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.runs.files import replacing
from softsym.runs.strengths import USUAL, StrengthRow
from softsym.symmetries.numbers import require_whole


class StrengthLog(Callback):
    """Tidy file of strengths and penalties: epoch, name, strength, penalty.

    Under a policy that constrains asymmetry: asymmetry, tolerance and price as well.

    The file is always replaced as a whole, so that a reader never sees half of it. After a resume
    it also holds the epochs before, as the history is in the checkpoint.

    Args:
        path: The file.
        every_n_epochs: Interval between two epochs after which it is written; it is always
            written at the end.

    Raises:
        ValueError: If the interval is below 1.
    """

    def __init__(self, path: str | Path, every_n_epochs: int = 50) -> None:
        require_whole("every_n_epochs", every_n_epochs, least=1)
        self.path, self.every_n_epochs = Path(path), every_n_epochs
        self._begun = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Notes that the checkpoint to resume, if any, has restored the history."""
        self._begun = True

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes at intervals, when every callback has finished the epoch before."""
        if trainer.current_epoch and trainer.current_epoch % self.every_n_epochs == 0:
            self._write(pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the whole history."""
        self._write(pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Writes the history so far; not in a test, whose checkpoint cuts the history short."""
        if self._begun and trainer.state.fn == TrainerFn.FITTING:
            self._write(pl_module)

    @rank_zero_only
    def _write(self, pl_module: LightningModule) -> None:
        with replacing(self.path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.writer(file)
            tuning = cast(SymmetryModule, pl_module).tuning
            writer.writerow(StrengthRow._fields if tuning.constraints else USUAL)
            writer.writerows(tuning.rows)
