"""Ctrl-C ends the training after the running epoch, with nothing lost."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from lightning import Callback, LightningModule, Trainer

log = logging.getLogger(__name__)


class GracefulStop(Callback):
    """On the first SIGINT finishes the epoch, saves a checkpoint and stops; the second kills.

    All ranks stop after the same epoch, whichever heard the signal. A checkpoint at the end of an
    epoch resumes to the very same result.

    Args:
        path: Checkpoint to write, normally ``checkpoints/last.ckpt``.

    Attributes:
        stopped: Whether the training was stopped in this way.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.stopped = False
        self._asked = False
        self._previous: Any = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listens for SIGINT."""
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._on_signal)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops all ranks if one was asked to."""
        if trainer.strategy.reduce_boolean_decision(self._asked, all=False):
            self.stopped = trainer.should_stop = True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves where the training stopped."""
        if self.stopped:
            trainer.save_checkpoint(self.path)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Gives SIGINT back."""
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        log.warning("Stopping after this epoch; press Ctrl-C again to stop at once.")
