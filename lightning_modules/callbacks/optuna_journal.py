"""The journal of a search: one file that survives full disks and killed writers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from optuna.storages import JournalStorage

GRACE = 15
"""Seconds after which the lock of a killed writer is broken."""


def journal_storage(path: Path | str, grace: int = GRACE) -> JournalStorage:
    """Opens Optuna's storage in a journal file, which many processes may write.

    A writer that is killed, or finds the disk full, may leave half a line. Optuna would append to
    it and never read the journal again. Here the next writer removes the half line first: no
    reader has used it yet.

    Args:
        path: The file; made if it does not exist.
        grace: Seconds after which the lock of a killed writer is broken.

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

    # absolute: the lock is a symbolic link whose target has to be the journal
    absolute = Path(path).resolve()

    class MendingLock(JournalFileSymlinkLock):
        @override
        def acquire(self) -> bool:
            acquired = super().acquire()
            _cut_half_line(absolute)
            return acquired

    lock = MendingLock(str(absolute), grace)
    return JournalStorage(JournalFileBackend(str(absolute), lock))


def _cut_half_line(path: Path) -> None:
    """Truncates the file after its last whole line."""
    with path.open("rb+") as file:
        end = file.seek(0, 2)
        if not end:
            return
        file.seek(end - 1)
        if file.read(1) == b"\n":
            return
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
