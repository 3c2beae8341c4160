"""Locks that keep two processes out of one folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from softsym.runs.errors import UserError

log = logging.getLogger(__name__)


@contextmanager
def locked(path: Path, refusal: str, wait: bool = False) -> Iterator[bool]:
    """Holds a lock file until the body ends, or the process dies in whatever way.

    Args:
        path: The lock file; its folder is made.
        refusal: Message of the error when another process holds the lock.
        wait: Wait for the other process instead.

    Yields:
        Whether another process held the lock before.

    Raises:
        UserError: If another process holds the lock and ``wait`` is false.
        OSError: If the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock, waited = FileLock(path), False
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if not wait:
            raise UserError(refusal) from None
        log.info("Another process works in %s: waiting for it to end.", path.parent)
        lock.acquire()
        waited = True
    try:
        yield waited
    finally:
        lock.release()
