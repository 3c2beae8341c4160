"""Spares the garbage collector the objects that live as long as the training."""

from __future__ import annotations

import gc
from typing import Any

from lightning import Callback


class FrozenGarbage(Callback):
    """Hides all existing objects from the collector while training runs.

    Modules, configs and libraries are half a million objects. Looking through them every few epochs
    costs a millisecond or two of each epoch.
    """

    def __init__(self) -> None:
        self._frozen = False

    def on_train_start(self, *_: Any) -> None:
        """Freezes all existing objects, unless somebody else has frozen some."""
        if not gc.get_freeze_count():
            gc.collect()
            gc.freeze()
            self._frozen = True

    def on_train_end(self, *_: Any) -> None:
        """Unfreezes what this callback has frozen."""
        if self._frozen:
            gc.unfreeze()
            self._frozen = False

    def on_exception(self, *_: Any) -> None:
        """Unfreezes after a failure as well."""
        self.on_train_end()
