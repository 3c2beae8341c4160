"""The journal of a search: one file that survives a full disk and killed writers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.storages import JournalStorage

GRACE = 15
"""Seconds after which the lock of a writer that was killed is taken from it."""


def journal_storage(path: Path | str, grace: int = GRACE) -> JournalStorage:
    """Optuna's storage in a journal file, which many processes may write.

    A writer that is killed, or finds the disk full, may leave half a line. Optuna would append to
    it and never read the journal again; here the half line, which nobody has counted on, is taken
    away first.

    Args:
        path: The file; it is made if there is none.
        grace: Seconds after which the lock of a writer that was killed is taken from it.

    Raises:
        ImportError: If optuna is not installed.
    """
    try:
        from optuna.storages import JournalStorage  # noqa: PLC0415
        from optuna.storages.journal import (  # noqa: PLC0415
            JournalFileBackend,
            JournalFileSymlinkLock,
        )
    except ImportError as error:
        raise ImportError('Searches need optuna: pip install -e ".[search]"') from error

    # absolute: the lock is a symbolic link beside the journal that must lead to it
    absolute = Path(path).resolve()

    class MendingLock(JournalFileSymlinkLock):
        def acquire(self) -> bool:
            held = super().acquire()
            _cut_half_line(absolute)
            return held

    lock = MendingLock(str(absolute), grace)
    return JournalStorage(JournalFileBackend(str(absolute), lock))


def _cut_half_line(path: Path) -> None:
    """Ends the file after its last whole line."""
    with path.open("rb+") as file:
        end = file.seek(0, 2)
        if not end:
            return
        file.seek(end - 1)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
