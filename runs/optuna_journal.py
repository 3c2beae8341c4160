"""The journal of a search: one file that survives a full disk and killed writers.

Optuna appends each operation as a line of JSON, and knows trials by the order of these lines. So
of a damaged journal only what comes before the damage can be used. Whoever opens one to write is
refused; whoever reads gets the trials before the damage, and is told what is lost.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softsym.runs.errors import UserError
from softsym.runs.untrusted import UnreadableError, parse_json, read_bytes

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

LARGEST = 512 * 2**20
"""Bytes of a journal that is read: many thousands of trials."""
CHECKSUM = "crc32"
"""Key that our writers add to each record, as a digit that flips leaves valid JSON."""
BEGIN = b'{"op_code":'
"""How Optuna begins each line."""
NEW_TRIAL = 4
"""Its operation that begins a trial."""

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}
"""Optuna's name of a trial's state -> the word for people."""


@dataclass(frozen=True)
class Damage:
    """Where a journal is damaged, and what that costs."""

    path: Path
    line: int  # the first one that cannot be used, from 1
    lines: int  # of the file
    why: str
    begun: int  # trials that begin in the lines after it
    before: bytes  # the lines before it

    def __str__(self) -> str:
        """The place, the reason, and what is lost."""
        after = self.lines - self.line
        lost = f"Lost are this line and {after} after it" if after else "Lost is this line"
        trials = f", and with them the trials that begin there: {self.begun}" if self.begun else ""
        place = f"{self.path} is damaged in line {self.line} of {self.lines}"
        return f"{place}: {self.why}. {lost}{trials}"


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
        UserError: If the journal is damaged; nothing is written then.
    """
    _require_optuna()
    from optuna.storages import JournalStorage  # noqa: PLC0415
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock  # noqa: PLC0415

    # absolute: the lock is a symbolic link beside the journal that must lead to it
    absolute = Path(path).resolve()
    if absolute.exists() and (damage := read_journal(absolute)[1]):
        raise UserError(f"{damage}.")

    class MendingLock(JournalFileSymlinkLock):
        def acquire(self) -> bool:
            acquired = super().acquire()
            try:
                # only under the lock: the half line may be one that is just being written
                _cut_half_line(absolute)
            except BaseException:
                self.release()
                raise
            return acquired

    class SealingBackend(JournalFileBackend):
        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            super().append_logs([{**log, CHECKSUM: _checksum(log)} for log in logs])

    lock = MendingLock(str(absolute), grace)
    return JournalStorage(SealingBackend(str(absolute), lock))


def load_study(path: Path) -> tuple[Study, Damage | None]:
    """Loads the one study of a journal, as far as it can be read; changes nothing.

    Raises:
        ImportError: If optuna is not installed.
        UserError: If the journal holds no study, or is damaged before it begins.
    """
    _require_optuna()
    import optuna  # noqa: PLC0415

    storage, damage = read_journal(path)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if not storage.get_all_studies():
        raise UserError(f"{damage}." if damage else f"{path} is empty.")
    study = optuna.load_study(study_name=None, storage=storage)
    if len(study.directions) != 1:
        raise UserError(f"{path} is no journal of a search: its study has several objectives.")
    return study, damage


def read_journal(path: Path) -> tuple[JournalStorage, Damage | None]:
    """Reads a journal into a storage in memory, up to the first damage.

    Raises:
        UserError: If it is no regular file, or too large.
    """
    from optuna.storages import JournalStorage  # noqa: PLC0415

    try:
        *lines, tail = read_bytes(path, LARGEST).split(b"\n")
    except (OSError, UnreadableError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from None
    records, why = [], ""
    for line in lines:
        try:
            records.append(_record(line))
        except UnreadableError as error:
            why = str(error)
            break
    if not why and not _is_half_line(tail):
        why = "its end is no part of a record"
    backend = _read_only(records)
    try:
        storage = JournalStorage(backend)
    except Exception as error:
        why = f"Optuna cannot use it ({type(error).__name__}: {error})"
        backend = _read_only(records[: backend.given - 1])
        storage = JournalStorage(backend)
    if not why:
        return storage, None
    place = len(backend.records)
    begun = sum(line.startswith(BEGIN + b"%d," % NEW_TRIAL) for line in lines[place:])
    before = b"".join(line + b"\n" for line in lines[:place])
    return storage, Damage(path, place + 1, len(lines) + bool(tail), why, begun, before)


def counts(trials: Sequence[FrozenTrial]) -> dict[str, int]:
    """Number of trials by state, in words."""
    states = Counter(STATES[trial.state.name] for trial in trials)
    return {word: states[word] for word in STATES.values() if states[word]}


def _require_optuna() -> None:
    try:
        import optuna.storages  # noqa: F401, PLC0415
    except ImportError as error:
        raise ImportError('Searches need optuna: pip install -e ".[search]"') from error


def _read_only(records: Sequence[dict[str, Any]]) -> Any:
    """A backend of Optuna's storage that gives some records, counts them, and takes none."""
    from optuna.storages.journal import BaseJournalBackend  # noqa: PLC0415

    class Records(BaseJournalBackend):
        def __init__(self) -> None:
            self.records, self.given = records, 0

        def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
            for record in self.records[log_number_from:]:
                self.given += 1
                yield record

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            raise RuntimeError("this journal was opened for reading")

    return Records()


def _record(line: bytes) -> dict[str, Any]:
    """The record in a line; raises an UnreadableError if it holds none."""
    record = parse_json(line)
    if not isinstance(record, dict) or not {"op_code", "worker_id"} <= record.keys():
        raise UnreadableError("it holds no record of Optuna's")
    if CHECKSUM in record and _checksum(json.loads(line)) != record[CHECKSUM]:
        raise UnreadableError("it differs from what was written")
    return record


def _checksum(log: Mapping[str, Any]) -> int:
    """A checksum of a record, equal before it is written and after it is read."""
    content = json.loads(json.dumps({key: v for key, v in log.items() if key != CHECKSUM}))
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def _is_half_line(tail: bytes) -> bool:
    """Whether a killed writer may have left these bytes: the beginning of a record, or nothing."""
    begun = tail.startswith(BEGIN) or BEGIN.startswith(tail)
    return begun and tail.isascii() and tail.decode().isprintable()


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
        content = file.read()
        place = content.rfind(b"\n") + 1
        if not _is_half_line(content[place:]):
            raise UserError(f"{path} is damaged: its end is no part of a record.")
        file.truncate(place)
