"""Reads what an offline run of Weights & Biases has kept, whichever version wrote it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

HEADER = struct.Struct("<4sHB")
"""Of the file: ``:W&B``, magic number, version."""
CHUNK = struct.Struct("<IHB")
"""Of a chunk: checksum of type and payload, length, type."""
BLOCK = 32768
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


@dataclass
class Logged:
    """What one offline run holds.

    Attributes:
        run: Its record: id, project, group, tags, job type, name.
        config: With mappings in mappings.
        history: One mapping for each call of ``log``, in order.
        summary: The last value of each key.
        files: Media and other files, relative to the run's ``files`` folder.
        finished: Whether the run has said that it ended.
    """

    run: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    finished: bool = False

    @property
    def keys(self) -> set[str]:
        """All keys of the history, without those that W&B adds."""
        return {key for row in self.history for key in row if not key.startswith("_")}

    def column(self, key: str) -> dict[int, Any]:
        """The values of one key by epoch."""
        rows = [row for row in self.history if key in row and "epoch" in row]
        return {int(row["epoch"]): row[key] for row in rows}


def payloads(data: bytes) -> Iterator[bytes]:
    """The records of a file, without a last one that is cut off: by a kill, or not yet whole.

    Raises:
        ValueError: If this is no such file, or a checksum is wrong.
    """
    if len(data) < HEADER.size:
        return
    ident, _, _ = HEADER.unpack_from(data)
    if ident != b":W&B":
        raise ValueError(f"Not a file of an offline run: it starts with {ident!r}.")
    position, parts = HEADER.size, []
    while position + CHUNK.size <= len(data):
        left = BLOCK - position % BLOCK
        if left < CHUNK.size:  # too short for another chunk: padding
            position += left
            continue
        checksum, length, kind = CHUNK.unpack_from(data, position)
        payload = data[position + CHUNK.size : position + CHUNK.size + length]
        position += CHUNK.size + length
        if len(payload) < length:
            return
        if checksum != zlib.crc32(payload, zlib.crc32(bytes([kind]))):
            raise ValueError(f"The record that ends at byte {position} is damaged.")
        if kind in (FULL, FIRST):
            parts = []
        parts.append(payload)
        if kind in (FULL, LAST):
            yield b"".join(parts)


def read(path: Path) -> Logged:
    """Everything that one ``run-*.wandb`` holds."""
    logged = Logged()
    for payload in payloads(path.read_bytes()):
        record = Record()
        record.ParseFromString(payload)
        READERS.get(record.WhichOneof("record_type"), _ignore)(record, logged)
    return logged


def offline_runs(folder: Path) -> list[Logged]:
    """The offline runs of a run folder, oldest first."""
    return [read(path) for path in sorted(folder.glob("wandb/offline-run-*/run-*.wandb"))]


def _items(items: Any) -> dict[str, Any]:
    """A mapping of keys, some of which may be given as paths into mappings."""
    found: dict[str, Any] = {}
    for item in items:
        *parents, last = item.nested_key or [item.key]
        within = found
        for key in parents:
            within = within.setdefault(key, {})
        within[last] = json.loads(item.value_json)
    return found


def _run(record: Any, logged: Logged) -> None:
    logged.run = record.run
    logged.config |= _items(record.run.config.update)


def _config(record: Any, logged: Logged) -> None:
    logged.config |= _items(record.config.update)


def _history(record: Any, logged: Logged) -> None:
    logged.history.append(_items(record.history.item))


def _summary(record: Any, logged: Logged) -> None:
    for key, value in _items(record.summary.update).items():
        known = logged.summary.get(key)
        both = isinstance(value, dict) and isinstance(known, dict)
        logged.summary[key] = {**known, **value} if both else value


def _files(record: Any, logged: Logged) -> None:
    logged.files |= {file.path for file in record.files.files}


def _exit(record: Any, logged: Logged) -> None:
    logged.finished = True


def _ignore(record: Any, logged: Logged) -> None:
    pass


READERS = {
    "run": _run,
    "config": _config,
    "history": _history,
    "summary": _summary,
    "files": _files,
    "exit": _exit,
}
