"""Ctrl-C ends the training after the running epoch, with nothing lost."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any

from lightning import Callback, LightningModule, Trainer

log = logging.getLogger(__name__)


class GracefulStop(Callback):
    """On the first SIGINT finishes the epoch and stops the training; the second kills.

    All ranks stop after the same epoch, whichever heard the signal. The checkpoint that
    :class:`LastCheckpoint` writes then resumes to the very same result.

    Attributes:
        stopped: Whether the training was stopped in this way.
    """

    def __init__(self) -> None:
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

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Gives SIGINT back."""
        self._restore()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Gives SIGINT back; a run that breaks has no teardown."""
        self._restore()

    def _restore(self) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        log.warning("Stopping after this epoch; press Ctrl-C again to stop at once.")
