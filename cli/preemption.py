"""Leaves in good order when a scheduler wants the machine, from the first moment of the process.

``train.py`` listens before it imports anything large, which takes seconds; so nothing but the
standard library is imported here. While a training runs, its callback
:class:`~softsym.lightning_modules.callbacks.GracefulStop` listens instead, saves, and ends up here
too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

from softsym.cli import slurm

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
WAIT_SECONDS = 15


class _State:
    """Of this process."""

    leaving = False


_STATE = _State()


def listen() -> None:
    """From now on each of the signals ends the process by :func:`leave`."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            signal.signal(number, _on_signal)


def leave(number: int) -> NoReturn:
    """Ends the process as one that was stopped by a signal; a job of SLURM goes back to the queue.

    Args:
        number: The signal.

    Raises:
        SystemExit: With 128 + number.
    """
    _deaf(signal.SIG_IGN)
    _STATE.leaving = True
    job = slurm.current()
    if job is not None and job.rank == 0:
        sys.stderr.write(f"{signal.Signals(number).name}: {slurm.put_back(job)}\n")
        sys.stderr.flush()
    _deaf(signal.SIG_DFL)
    if job is not None and job.rank > 0:
        # srun would end all when one of them ends; the requeue's own signal ends this wait
        time.sleep(WAIT_SECONDS)
    sys.exit(128 + number)


def _on_signal(number: int, frame: FrameType | None) -> NoReturn:
    if _STATE.leaving:  # a trainer that is taken down gives signals back to where they were
        os._exit(128 + number)
    leave(number)


def _deaf(how: signal.Handlers) -> None:
    for number in SIGNALS:
        signal.signal(number, how)
