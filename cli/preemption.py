"""Ends the process in good order when a scheduler or the user stops it, from its first moment on.

``train.py`` calls :func:`listen` before it imports anything large, which takes seconds; so this
module imports the standard library alone. During training, the callback
:class:`~softsym.lightning_modules.callbacks.GracefulStop` handles the signals instead: it saves a
checkpoint and then calls :func:`leave`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from softsym.cli import slurm

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
WAIT_SECONDS = 15
INTERRUPTED = "\nInterrupted. A saved training continues with ckpt_path=last.\n"


class _State:
    """State of this process."""

    leaving = False


_STATE = _State()


def listen() -> None:
    """Lets each of the signals end the process by :func:`leave`, and Ctrl-C end it at once."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, _on_signal)
        signal.signal(signal.SIGINT, _on_interrupt)


@contextmanager
def interrupts_raised() -> Iterator[None]:
    """Lets Ctrl-C raise KeyboardInterrupt in the body, which may have something to save."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def leave(number: int) -> NoReturn:
    """Ends the process as stopped by a signal; a SLURM job goes back to the queue.

    Args:
        number: The signal.

    Raises:
        SystemExit: With 128 + number.
    """
    _set_handlers(signal.SIG_IGN)
    _STATE.leaving = True
    job = slurm.current()
    if job is not None and job.rank == 0:
        sys.stderr.write(f"{signal.Signals(number).name}: {slurm.put_back(job)}\n")
        sys.stderr.flush()
    _set_handlers(signal.SIG_DFL)
    if job is not None and job.rank > 0:
        # srun ends all ranks as soon as one exits, and rank 0 may not have requeued the job yet;
        # the signal that the requeue sends ends this wait
        time.sleep(WAIT_SECONDS)
    sys.exit(128 + number)


def _on_signal(number: int, frame: FrameType | None) -> NoReturn:
    if _STATE.leaving:  # a trainer that is torn down puts back the handlers it found
        os._exit(128 + number)
    leave(number)


def _on_interrupt(number: int, frame: FrameType | None) -> NoReturn:
    # no exception: half-imported libraries would swallow it or turn it into a traceback
    sys.stderr.write(INTERRUPTED)
    sys.stderr.flush()
    os._exit(128 + number)


def _set_handlers(handler: signal.Handlers) -> None:
    for number in SIGNALS:
        signal.signal(number, handler)
