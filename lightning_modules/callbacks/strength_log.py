"""Writes ``strengths.csv``."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import cast

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from lightning.pytorch.utilities import rank_zero_only

from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.runs.strengths import StrengthRow


class StrengthLog(Callback):
    """Tidy file of strengths and penalties: epoch, name, strength, penalty.

    It is written whole and put in place at once, so a reader never sees half of it; after a
    resume it holds the epochs before as well, since the history travels in the checkpoint.

    Args:
        path: The file.
        every_n_epochs: How often it is written while training runs; it is always written at
            the end.
    """

    def __init__(self, path: str | Path, every_n_epochs: int = 50) -> None:
        if every_n_epochs < 1:
            raise ValueError(f"every_n_epochs must be at least 1; got {every_n_epochs}.")
        self.path, self.every_n_epochs = Path(path), every_n_epochs
        self._begun = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """From now on the history is that of this run, of a resumed one as well."""
        self._begun = True

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes now and then, when every callback is done with the epoch before."""
        if trainer.current_epoch and trainer.current_epoch % self.every_n_epochs == 0:
            self._write(pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the whole history."""
        self._write(pl_module)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Writes what there is; not in a test, whose model brings the history up to its epoch."""
        if self._begun and trainer.state.fn == TrainerFn.FITTING:
            self._write(pl_module)

    @rank_zero_only
    def _write(self, pl_module: LightningModule) -> None:
        partial = self.path.with_suffix(".csv.partial")
        with partial.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(StrengthRow._fields)
            writer.writerows(cast(SymmetryModule, pl_module).tuning.history)
        os.replace(partial, self.path)
