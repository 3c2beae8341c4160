"""Ctrl-C, or SIGTERM, ends the training after the running epoch, with nothing lost."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class GracefulStop(Callback):
    """On the first SIGINT or SIGTERM finishes the epoch and stops the training.

    A second SIGINT kills. All ranks stop after the same epoch, whichever heard the signal. The
    checkpoint that :class:`LastCheckpoint` writes then resumes to the very same result.

    Attributes:
        stopped: The signal that stopped the training; 0 if none did.
    """

    def __init__(self) -> None:
        self.stopped = 0
        self._asked = 0
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Listens for the signals; after Lightning, which listens for SIGTERM as well."""
        if threading.current_thread() is threading.main_thread():
            self._previous = {n: signal.signal(n, self._on_signal) for n in SIGNALS}

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops all ranks if one was asked to."""
        asked = self._asked
        if trainer.world_size > 1:
            heard = torch.tensor(asked, device=pl_module.device)
            asked = int(trainer.strategy.reduce(heard, reduce_op="max"))
        if asked:
            self.stopped, trainer.should_stop = asked, True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Gives the signals back."""
        self._restore()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Gives the signals back; a run that breaks has no end."""
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked == number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = number
        again = "; press Ctrl-C again to stop at once" if number == signal.SIGINT else ""
        log.warning("Stopping after this epoch%s.", again)
