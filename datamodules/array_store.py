"""Arrays on disk that are built once, mapped into memory, and never visible half written.

A result is a folder ``<name>-<key>`` of ``.npy`` files and an ``index.json`` with their checksums.
It is built under another name and renamed when complete, so it exists either whole or not at all.
Damage is noticed before anything is used: every byte of every file enters a checksum.
"""

from __future__ import annotations

import glob
import hashlib
import json
import logging
import os
import shutil
import stat
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock, Timeout

from softsym.symmetries.cache_folders import warn_of_other_writers

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]

INDEX = "index.json"
UNFINISHED = "building-"
"""Prefix of files and folders that are being written."""

REMINDER = 60.0
"""Seconds between two log messages of a process that waits for another's build."""

CHUNK = 1 << 24
"""Bytes read at once to verify a checksum."""

PLAIN = "biufc"
"""Kinds of numpy's numbers. An array of objects would be read as addresses in memory."""

LARGEST_INDEX = 1 << 20
"""Bytes of an index that are read at most; a thousand arrays need a tenth of it."""

BEFORE_HEADER = 10
"""Bytes of a ``.npy`` file of version 1 before its header; the last two hold its length."""


def fingerprint(*parts: object) -> str:
    """Hashes the parts on which a content depends (16 hex digits), each with a stable repr."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@contextmanager
def replace_when_complete(path: Path) -> Iterator[Path]:
    """Yields a path beside ``path``, a file or folder that replaces it if the block succeeds."""
    unfinished = path.with_name(f"{UNFINISHED}{path.name}-{uuid.uuid4().hex[:12]}")
    try:
        yield unfinished
        if path.is_dir() or unfinished.is_dir():
            _clear_place(path)  # a rename replaces a file by a file, and nothing else
        unfinished.replace(path)
    finally:
        _remove(unfinished)


def clear_unfinished(folder: Path, of: str = "") -> None:
    """Removes what killed writers left of ``of``; by default of anything in the folder.

    The caller holds the lock of these writers, so that none of them is alive.
    """
    for leftover in folder.glob(f"{UNFINISHED}{glob.escape(of)}*"):
        _remove(leftover)


class ArrayWriter:
    """Writes named arrays piece by piece, so that the whole need not fit into memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._arrays: dict[str, _GrowingArray] = {}

    def append(self, name: str, rows: np.ndarray) -> None:
        """Appends rows (n, ...), n >= 0, to the array of that name; the first call creates it."""
        if name not in self._arrays:
            self._arrays[name] = _GrowingArray(self.folder / f"{name}.npy", rows)
        self._arrays[name].append(rows)

    @property
    def scratch(self) -> Path:
        """A temporary folder of this build, which is removed when the build ends."""
        path = self.folder / "scratch"
        path.mkdir(exist_ok=True)
        return path

    def close(self) -> dict[str, int]:
        """Completes all files on disk; returns their checksums by name."""
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)
        return {name: array.close() for name, array in self._arrays.items()}

    def abandon(self) -> None:
        """Closes the files without completing them."""
        for array in self._arrays.values():
            array.file.close()


class _GrowingArray:
    """One ``.npy`` file whose first axis grows; closing it rewrites the header."""

    def __init__(self, path: Path, like: np.ndarray) -> None:
        _require_numbers(path.name, like.dtype)
        self.dtype, self.trailing = like.dtype, like.shape[1:]
        self.count, self.checksum = 0, 0
        self.file: IO[bytes] = path.open("w+b")
        self._write_header()
        self._data_start = self.file.tell()

    def append(self, rows: np.ndarray) -> None:
        if rows.dtype != self.dtype or rows.shape[1:] != self.trailing:
            raise ValueError(
                f"{self.file.name} holds {self.dtype} rows of shape {self.trailing}; got "
                f"{rows.dtype} of {rows.shape[1:]}."
            )
        content = np.ascontiguousarray(rows).tobytes()
        # The checksum of what should be on disk, not of what a later read returns.
        self.checksum = zlib.crc32(content, self.checksum)
        self.file.write(content)
        self.count += len(rows)

    def close(self) -> int:
        self.file.seek(0)
        self._write_header()
        # numpy pads the header so that a larger first axis fits; data would be overwritten if not.
        if self.file.tell() != self._data_start:
            raise RuntimeError(f"The header of {self.file.name} outgrew its place.")
        _flush_to_disk(self.file)
        self.file.seek(0)
        header = self.file.read(self._data_start)
        self.file.close()
        return zlib.crc32(header, self.checksum)

    def _write_header(self) -> None:
        description = np.lib.format.dtype_to_descr(self.dtype)
        shape = (self.count, *self.trailing)
        header = {"descr": description, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self.file, header)


def cached_arrays(
    cache_dir: Path, name: str, key: str, build: Callable[[ArrayWriter], None]
) -> Arrays:
    """Returns the arrays of a result, mapped copy-on-write; builds it if it is not whole.

    Safe to call from any number of processes at once: one builds, the others wait for the result.
    ``key`` identifies everything on which the result depends (:func:`fingerprint`); ``build``
    appends all rows of all arrays to the writer it receives.
    """
    folder = cache_dir / f"{name}-{key}"
    # Without the lock: a folder of this name is complete, unless another process replaces it now.
    arrays = _read(folder, key, logging.DEBUG)
    if arrays is not None:
        return arrays
    with _sole_builder(folder):
        arrays = _read(folder, key)  # it may have been built while this process waited
        if arrays is None:
            _build(folder, key, build)
            arrays = _read(folder, key)
        if arrays is None:
            raise OSError(
                f"The result just written to {folder} cannot be read back. Check that disk, or "
                "choose another datamodule.cache_dir."
            )
    return arrays


def _build(folder: Path, key: str, build: Callable[[ArrayWriter], None]) -> None:
    with replace_when_complete(folder) as unfinished:
        unfinished.mkdir()
        writer = ArrayWriter(unfinished)
        try:
            build(writer)
            index: dict[str, object] = {"key": key, "checksums": writer.close()}
            index["checksum"] = _checksum_of(index)
        finally:
            writer.abandon()
        # On disk before the rename: after a power cut no complete name may lead to missing data.
        with (unfinished / INDEX).open("w") as file:
            json.dump(index, file)
            _flush_to_disk(file)


def _read(folder: Path, key: str, level: int = logging.WARNING) -> Arrays | None:
    """Returns the arrays, or None if they are missing or damaged; logs damage at that level."""
    if not os.path.lexists(folder):
        return None
    try:
        checksums = _read_index(folder / INDEX, key)
        arrays = {name: _map(folder / f"{name}.npy", c) for name, c in checksums.items()}
    except Exception as error:  # damage raises almost any exception, whichever byte is wrong
        what = str(error) or type(error).__name__
        log.log(level, "The cache folder %s is damaged (%s); it is built anew.", folder, what)
        return None
    warn_of_other_writers(folder.parent)
    return arrays


def _read_index(path: Path, key: str) -> dict[str, int]:
    """Returns the checksums of all arrays once that of the index itself is verified."""
    with _open_file(path) as file:
        text = file.read(LARGEST_INDEX + 1)
    if len(text) > LARGEST_INDEX:
        raise ValueError(f"{path.name} is larger than any index")
    index = json.loads(text)
    if index["key"] != key:
        raise ValueError(f"its key is {str(index['key'])[:40]}")
    if index.pop("checksum") != _checksum_of(index):
        raise ValueError(f"the checksum of {path.name} is wrong")
    checksums: dict[str, int] = index["checksums"]
    return checksums


def _checksum_of(index: dict[str, object]) -> int:
    return zlib.crc32(json.dumps(index).encode())


def _map(path: Path, checksum: int) -> np.ndarray:
    """Maps a file into memory once its checksum is verified."""
    with _open_file(path) as file:
        data_start = BEFORE_HEADER + int.from_bytes(file.read(BEFORE_HEADER)[-2:], "little")
        file.seek(data_start)
        actual = 0
        # Reading all of a file once costs seconds, damage found in training costs the run.
        while chunk := file.read(CHUNK):
            actual = zlib.crc32(chunk, actual)
        file.seek(0)
        if zlib.crc32(file.read(data_start), actual) != checksum:
            raise ValueError(f"the checksum of {path.name} is wrong")
        file.seek(0)
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    _require_numbers(path.name, dtype)
    if 0 in shape:
        return np.empty(shape, dtype)  # an empty file cannot be mapped
    return np.memmap(path, dtype, mode="c", offset=data_start, shape=shape)


def _open_file(path: Path) -> IO[bytes]:
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
        raise ValueError(f"{path.name} is no file")
    return path.open("rb")


def _require_numbers(name: str, dtype: np.dtype) -> None:
    if dtype.kind not in PLAIN:
        raise ValueError(f"{name} holds {dtype}; only plain numbers are kept and read")


@contextmanager
def _sole_builder(folder: Path) -> Iterator[None]:
    """Holds the lock of one result and removes the remains of its killed builds."""
    lock = _lock_of(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, folder)
    except OSError as error:
        raise type(error)(
            f"The cache folder {str(folder.parent)!r} cannot be written ({error}). Choose another "
            "datamodule.cache_dir."
        ) from error
    try:
        clear_unfinished(folder.parent, f"{folder.name}-")
        _clear_others(folder)
        yield
    finally:
        lock.release()  # the lock file stays: removing it could let in two builders


def _clear_others(folder: Path) -> None:
    """Removes what killed builds of other results left beside ``folder``."""
    for leftover in folder.parent.glob(f"{UNFINISHED}*"):
        other = leftover.name.removeprefix(UNFINISHED).rpartition("-")[0]
        try:
            with _lock_of(folder.parent / other).acquire(timeout=0):
                _remove(leftover)
        except (Timeout, OSError):  # somebody builds it, or another user did
            continue


def _lock_of(folder: Path) -> FileLock:
    return FileLock(f"{folder}.lock")


def _acquire(lock: FileLock, folder: Path) -> None:
    """Waits without limit, because the system releases the lock of a process that dies."""
    wait = 0.0
    while True:
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            log.info(
                "Another process builds %s; waiting for it. If it hangs, end it, or choose another "
                "datamodule.cache_dir.",
                folder,
            )
            wait = REMINDER
        else:
            return


def _flush_to_disk(file: IO[bytes] | IO[str]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _clear_place(path: Path) -> None:
    """Removes whatever has the name of a result: of a link, the link alone."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise type(error)(
            f"{str(path)!r} is damaged and cannot be replaced ({error}). Delete it, or choose "
            "another datamodule.cache_dir."
        ) from error


def _remove(path: Path) -> None:
    """Removes what may be gone already, or belong to somebody else."""
    with suppress(OSError):
        _clear_place(path)
