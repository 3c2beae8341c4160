"""Which models are kept: the best with settled strengths, and the latest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from lightning_modules.symmetry_module import SymmetryModule


class OnceSettled(Callback):
    """Mixin for callbacks that monitor a metric: looks away until the strengths have settled."""

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """As the callback mixed with, once settled."""
        if _settled(trainer, pl_module):
            super().on_validation_end(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """As the callback mixed with, once settled."""
        if _settled(trainer, pl_module):
            super().on_train_epoch_end(trainer, pl_module)


class BestCheckpoint(OnceSettled, ModelCheckpoint):
    """``ModelCheckpoint`` of the best model trained with settled strengths.

    The model that is tested should be one trained with the strengths the policy arrived at; in
    the paper, the best on validation after twice the epoch of adjustment.
    """


class LastCheckpoint(ModelCheckpoint):
    """``ModelCheckpoint`` of the latest state, which saves once more when training ends.

    Training may end between two regular saves: by its last epoch, early, or by Ctrl-C.
    """

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves where the training ended."""
        super().on_train_end(trainer, pl_module)
        if self.dirpath is not None and not cast(Any, trainer).fast_dev_run:
            trainer.save_checkpoint(Path(self.dirpath) / f"{self.filename}{self.FILE_EXTENSION}")


class SettledEarlyStopping(OnceSettled, EarlyStopping):
    """``EarlyStopping`` that starts to count when the strength policy has settled."""


def _settled(trainer: Trainer, pl_module: LightningModule) -> bool:
    policy = cast(SymmetryModule, pl_module).tuning.policy
    return trainer.current_epoch >= policy.settled_epoch
