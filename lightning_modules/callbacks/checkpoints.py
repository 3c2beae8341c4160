"""Keeps the best model of those trained with settled strengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from lightning_modules.symmetry_module import SymmetryModule


class BestCheckpoint(ModelCheckpoint):
    """``ModelCheckpoint`` that looks away until the strength policy has settled.

    The model that is tested should be one trained with the strengths the policy arrived at; in
    the paper, the best on validation after twice the epoch of adjustment.
    """

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compares and saves, once settled."""
        if _settled(trainer, pl_module):
            super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Compares and saves, once settled."""
        if _settled(trainer, pl_module):
            super().on_train_epoch_end(trainer, pl_module)


class LastCheckpoint(ModelCheckpoint):
    """``ModelCheckpoint`` of the latest state, which saves once more when training ends.

    Training may end between two regular saves: by its last epoch, early, or by Ctrl-C.
    """

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves where the training ended."""
        super().on_train_end(trainer, pl_module)
        if self.dirpath is not None and not cast(Any, trainer).fast_dev_run:
            trainer.save_checkpoint(Path(self.dirpath) / f"{self.filename}{self.FILE_EXTENSION}")


class SettledEarlyStopping(EarlyStopping):
    """``EarlyStopping`` that starts to count when the strength policy has settled."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts, once settled."""
        if _settled(trainer, pl_module):
            super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts, once settled."""
        if _settled(trainer, pl_module):
            super().on_train_epoch_end(trainer, pl_module)


def _settled(trainer: Trainer, pl_module: LightningModule) -> bool:
    policy = cast(SymmetryModule, pl_module).tuning.policy
    return trainer.current_epoch >= policy.settled_epoch
