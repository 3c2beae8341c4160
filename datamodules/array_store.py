"""Arrays on disk that are built once, mapped into memory, and never seen half written.

A result is a folder ``<name>-<key>`` of ``.npy`` files and an ``index.json`` with the checksum of
each. It is built in another folder and renamed, so that it is either whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]

INDEX = "index.json"
BUILDING = "building-"

REMINDER = 60.0
"""Seconds after which a process that waits for another's build says so again."""

CHUNK = 1 << 24


def fingerprint(*parts: object) -> str:
    """Names a content by the parts that it depends on (16 hex digits), each with a stable repr."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class ArrayWriter:
    """Writes named arrays piece by piece, so that a build needs no memory for the whole.

    Args:
        folder: An empty folder for the files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, _Growing] = {}

    def append(self, name: str, rows: np.ndarray) -> None:
        """Appends rows to an array, which the first call makes.

        Args:
            name: A name that can be a file's.
            rows: (n, ...), n may be 0; dtype and further axes are those of the first call.

        Raises:
            ValueError: If dtype or further axes differ from the first call's.
        """
        if name not in self._open:
            self._open[name] = _Growing(self.folder / f"{name}.npy", rows)
        self._open[name].append(rows)

    @property
    def scratch(self) -> Path:
        """A folder of this build alone, which goes when the build ends."""
        path = self.folder / "scratch"
        path.mkdir(exist_ok=True)
        return path

    def close(self) -> dict[str, int]:
        """Completes all files on disk; returns the checksum of each."""
        shutil.rmtree(self.folder / "scratch", ignore_errors=True)
        return {name: growing.close() for name, growing in self._open.items()}

    def abandon(self) -> None:
        """Closes the files as they are."""
        for growing in self._open.values():
            growing.file.close()


class _Growing:
    """One ``.npy`` file whose first axis grows; its header is written again at the end."""

    def __init__(self, path: Path, like: np.ndarray) -> None:
        self.dtype, self.trailing = like.dtype, like.shape[1:]
        self.count, self.checksum = 0, 0
        self.file: IO[bytes] = path.open("w+b")
        self._write_header()
        self._data_at = self.file.tell()

    def append(self, rows: np.ndarray) -> None:
        if rows.dtype != self.dtype or rows.shape[1:] != self.trailing:
            raise ValueError(
                f"{self.file.name} holds {self.dtype} rows of shape {self.trailing}; got "
                f"{rows.dtype} of {rows.shape[1:]}."
            )
        content = np.ascontiguousarray(rows).tobytes()
        self.checksum = zlib.crc32(content, self.checksum)
        self.file.write(content)
        self.count += len(rows)

    def close(self) -> int:
        self.file.seek(0)
        self._write_header()
        if self.file.tell() != self._data_at:  # numpy leaves room for as many digits as it takes
            raise RuntimeError(f"The header of {self.file.name} outgrew its place.")
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return self.checksum

    def _write_header(self) -> None:
        description = np.lib.format.dtype_to_descr(self.dtype)
        shape = (self.count, *self.trailing)
        header = {"descr": description, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self.file, header)


def cached_arrays(
    cache_dir: Path, name: str, key: str, build: Callable[[ArrayWriter], None]
) -> Arrays:
    """The arrays of a result, from the cache or, if they are not there whole, built anew.

    Safe to call from any number of processes at once: one builds, the others wait for the result.

    Args:
        cache_dir: Folder of all results, made if absent.
        name: What the result is, for the eyes.
        key: Names everything that the result depends on; see :func:`fingerprint`.
        build: Appends all rows of all arrays to the writer that it is given.

    Returns:
        The arrays by name, mapped into memory; what is written to one stays in this process.
    """
    folder = cache_dir / f"{name}-{key}"
    found = _read(folder, key)
    if found is not None:
        return found
    with _only_builder(folder):
        found = _read(folder, key)  # another process may have built it meanwhile
        if found is None:
            _build(folder, key, build)
            found = _read(folder, key)
        if found is None:
            raise OSError(
                f"What was just written to {folder} cannot be read back. Check that disk, or "
                "choose another datamodule.cache_dir."
            )
    return found


def _build(folder: Path, key: str, build: Callable[[ArrayWriter], None]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix=f"{BUILDING}{folder.name}-", dir=folder.parent))
    writer = ArrayWriter(scratch)
    try:
        build(writer)
        index = {"key": key, "checksums": writer.close()}
        with (scratch / INDEX).open("w") as file:
            json.dump(index, file)
            file.flush()
            os.fsync(file.fileno())
        if folder.exists():  # damaged
            shutil.rmtree(folder)
        scratch.chmod(0o777 & ~_umask())  # a temporary folder is its owner's alone
        scratch.replace(folder)
    finally:
        writer.abandon()
        shutil.rmtree(scratch, ignore_errors=True)


def _read(folder: Path, key: str) -> Arrays | None:
    """The arrays, or None if they are not there or are damaged, which is logged."""
    try:
        index = json.loads((folder / INDEX).read_text())
        if index["key"] != key:
            raise ValueError(f"its key is {index['key']}")
        return {name: _map(folder / f"{name}.npy", c) for name, c in index["checksums"].items()}
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.exists():
            log.warning("The cache folder %s lacks a file (%s); it is built anew.", folder, error)
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("The cache folder %s is damaged (%s); it is built anew.", folder, error)
        return None


def _map(path: Path, checksum: int) -> np.ndarray:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"{path.name} has the format {version}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        data_at = file.tell()
        found = 0
        while chunk := file.read(CHUNK):
            found = zlib.crc32(chunk, found)
    if found != checksum:
        raise ValueError(f"the checksum of {path.name} is wrong")
    if 0 in shape:
        return np.empty(shape, dtype)  # nothing to map
    return np.memmap(path, dtype, mode="c", offset=data_at, shape=shape)


@contextmanager
def _only_builder(folder: Path) -> Iterator[None]:
    """Holds the lock of one result and clears away what killed builds of it have left there."""
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _acquire(lock, folder)
    except OSError as error:
        raise type(error)(
            f"The cache folder {str(folder.parent)!r} cannot be written ({error}). Choose another "
            "datamodule.cache_dir."
        ) from error
    try:
        # Whoever held the lock before is done or dead, so no one works in these folders.
        for leftover in folder.parent.glob(f"{BUILDING}{folder.name}-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, folder: Path) -> None:
    """Waits as long as it takes: the system frees the lock of a process that has died."""
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def sizes(arrays: Mapping[str, np.ndarray]) -> str:
    """What arrays hold, in words for a log: ``train: 28577, val: 5184``."""
    return ", ".join(f"{name}: {len(values)}" for name, values in arrays.items())
