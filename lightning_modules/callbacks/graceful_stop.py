"""Ends the training after the epoch on Ctrl-C, after the step on a scheduler's signal."""

from __future__ import annotations

import logging
import signal
import threading
import time
from types import FrameType
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer

from softsym.lightning_modules.callbacks.step_exchange import StepExchange
from softsym.symmetries.numbers import require_number

log = logging.getLogger(__name__)

LEAVING = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""Signals that schedulers send to a job that must make room; they kill it soon after."""
SIGNALS = (signal.SIGINT, *LEAVING)


class Preempted(BaseException):
    """Stops the training at once; not an ``Exception``, so that nobody takes it for a failure.

    Args:
        signal: The signal that asked for it.
        between_steps: Whether the state is that after a training step, and so can be saved.
    """

    def __init__(self, signal: int, between_steps: bool) -> None:
        super().__init__(f"preempted by signal {signal}")
        self.signal, self.between_steps = signal, between_steps


class GracefulStop(Callback):
    """Stops the training on a signal, without losing work.

    SIGINT finishes the epoch and stops the training, which is then tested and reported; a second
    SIGINT stops at once. SIGTERM, SIGUSR1 or SIGUSR2 finish the step and raise :class:`Preempted`.
    All ranks stop after the same step, whichever of them got the signal. The checkpoint that
    :class:`LastCheckpoint` then saves resumes to the very same result.

    Args:
        patience_seconds: Seconds that a running validation may still take after a signal to leave.
            After that the training leaves with the checkpoint it has.

    Attributes:
        stopped: The signal that stopped the training; 0 if none did.

    Raises:
        ValueError: If the patience is no finite number of at least 0.
    """

    def __init__(self, patience_seconds: float = 10.0) -> None:
        require_number("patience_seconds", patience_seconds)
        self.patience_seconds = patience_seconds
        self.stopped = 0
        self._asked = 0
        self._asked_at = 0.0
        self._previous: dict[int, Any] = {}
        self._in_training: StepExchange | None = None
        self._in_validation: StepExchange | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prepares to ask the other ranks."""
        self.stopped, self._asked = 0, 0
        if trainer.world_size > 1:
            # two, as an answer is that of the call before: with one, the first validation step
            # would get the last training step's and leave without patience
            self._in_training, self._in_validation = StepExchange(trainer), StepExchange(trainer)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Installs the signal handlers; this late, since Lightning installs one for SIGTERM."""
        # Python allows it in the main thread alone
        if threading.current_thread() is threading.main_thread():
            self._previous = {n: signal.signal(n, self._on_signal) for n in SIGNALS}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Leaves the training if any rank was asked to and its state can be resumed."""
        asked = _highest(self._in_training, self._asked)
        if asked in LEAVING and can_resume_after(trainer, batch_idx):
            self._leave(asked, between_steps=True)

    def on_validation_batch_start(self, trainer: Trainer, *_: Any) -> None:
        """Leaves a validation if any rank was asked to longer ago than the patience."""
        if not self._previous:
            return  # a validation outside a training
        overdue = time.monotonic() - self._asked_at > self.patience_seconds
        asked = _highest(self._in_validation, self._asked if overdue else 0)
        if asked in LEAVING:
            self._leave(asked, between_steps=False)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops all ranks if any was asked to."""
        asked = self._asked
        if trainer.world_size > 1:
            # not the exchange, whose answer is a step old: once an epoch, waiting costs little
            heard = torch.tensor(asked, device=pl_module.device)
            asked = int(trainer.strategy.reduce(heard, reduce_op="max"))
        if asked:
            self.stopped, trainer.should_stop = asked, True

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Restores the signal handlers."""
        for exchange in (self._in_training, self._in_validation):
            if exchange is not None:
                exchange.drain()
        self._in_training = self._in_validation = None
        self._restore()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Restores the signal handlers, unless a further signal would disturb the last save."""
        if not isinstance(exception, Preempted):
            self._restore()

    def _leave(self, asked: int, between_steps: bool) -> None:
        self.stopped = asked
        raise Preempted(asked, between_steps)

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous = {}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Notes the signal; a hook acts on it, between two steps."""
        if self._asked == number == signal.SIGINT:
            raise KeyboardInterrupt
        # the first signal to leave starts the patience, and Ctrl-C does not take it back
        if self._asked not in LEAVING:
            self._asked, self._asked_at = number, time.monotonic()
        if number == signal.SIGINT:
            log.warning("Stopping after this epoch; press Ctrl-C again to stop at once.")
        else:
            log.warning("%s: saving and leaving.", signal.Signals(number).name)


def can_resume_after(trainer: Trainer, batch_idx: int) -> bool:
    """Whether a checkpoint saved after this training step resumes to the same result.

    After the last step of an epoch it does not: Lightning would skip the end of the epoch, as its
    validation. Nor does it between two steps of the optimizer, as no checkpoint keeps gradients.
    """
    last = batch_idx + 1 >= trainer.num_training_batches or trainer.global_step == trainer.max_steps
    return not last and (batch_idx + 1) % trainer.accumulate_grad_batches == 0


def _highest(exchange: StepExchange | None, asked: int) -> int:
    """Returns the highest signal of any rank; with several ranks, that of a step ago.

    The highest, since all signals to leave have higher numbers than SIGINT.
    """
    if exchange is None:
        return asked
    table = exchange.step(torch.tensor([asked]))
    return 0 if table is None else int(table.max())
