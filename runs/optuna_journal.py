"""The journal of a search: one file that survives a full disk and killed writers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import JournalStorage
    from optuna.trial import FrozenTrial

GRACE = 15
"""Seconds after which the lock of a writer that was killed is taken from it."""
JOB, EXECUTOR, RESTARTS, REASON, TAIL = "job", "executor", "restarts", "reason", "output"
"""Names of what ``sweep.py`` notes about a trial."""
TOTAL, SLOTS, MONITOR = "n_trials", "slots", "monitor"
"""Names of what ``sweep.py`` notes about the study."""

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}
"""Optuna's name of a trial's state -> the word for people."""


def journal_storage(path: Path | str, grace: int = GRACE) -> JournalStorage:
    """Opens a journal file as Optuna's storage, which many processes may write.

    A writer that is killed, or that finds the disk full, may leave half a line. Optuna would
    append to it and never read the journal again. Here every writer first removes such a half
    line, which no reader has seen.

    Args:
        path: The file; created if missing.
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
            acquired = super().acquire()
            # only under the lock: the half line may be one that is just being written
            _cut_half_line(absolute)
            return acquired

    lock = MendingLock(str(absolute), grace)
    return JournalStorage(JournalFileBackend(str(absolute), lock))


def load_study(path: Path) -> Study:
    """Loads the one study of a journal; changes nothing.

    Raises:
        ImportError: If optuna is not installed.
    """
    storage = journal_storage(path)
    import optuna  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.load_study(study_name=None, storage=storage)


def counts(trials: Sequence[FrozenTrial]) -> dict[str, int]:
    """Number of trials by state, in words."""
    states = Counter(STATES[trial.state.name] for trial in trials)
    return {word: states[word] for word in STATES.values() if states[word]}


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
