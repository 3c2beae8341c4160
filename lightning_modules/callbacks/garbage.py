"""Keeps the garbage collector from looking at what lives as long as the training."""

from __future__ import annotations

import gc

from lightning import Callback, LightningModule, Trainer


class FrozenGarbage(Callback):
    """Hides all objects there are from the collector while training runs.

    Modules, configs and libraries are half a million objects, which it would look through every few
    epochs: a millisecond or two of each epoch.
    """

    def __init__(self) -> None:
        self._frozen = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Freezes, unless somebody else has."""
        if not gc.get_freeze_count():
            gc.collect()
            gc.freeze()
            self._frozen = True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Gives back."""
        self._thaw()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Gives back."""
        self._thaw()

    def _thaw(self) -> None:
        if self._frozen:
            gc.unfreeze()
            self._frozen = False
