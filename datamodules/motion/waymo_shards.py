"""Shards of the Waymo Open Motion Dataset and the windows cut from each, kept in a cache.

Every shard has a cache entry of its own, so that a build of the thousand that was stopped goes on
where it was, and all recipes and splits share what is built.
"""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from softsym.datamodules.array_store import ArrayWriter, cached_arrays, fingerprint
from softsym.datamodules.motion.waymo_records import read_waymo
from softsym.datamodules.motion.waymo_windows import FUTURE, HISTORY, windows_of

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
"""Raise it when the same shard and settings give other windows."""

ENDS = 1 << 16
"""Bytes at either end of a shard that tell it from others."""

REPORT_EVERY = 10.0
"""Seconds between two reports of a build's progress."""


@dataclass(frozen=True)
class ShardWindows:
    """What was cut from one shard.

    Args:
        windows: float32 (n, 12, 3) in metres, in the frames of the records.
        record: int32 (n,), number of the record that a window is from.
        records: Number of records in the shard, those without a window counted.
    """

    windows: np.ndarray
    record: np.ndarray
    records: int


@dataclass(frozen=True)
class ShardReader:
    """Cuts windows from shards, through the cache.

    Args:
        cache_dir: Folder of the cache.
        min_dz: See :func:`softsym.datamodules.motion.waymo_windows.windows_of`.
        max_dxy: Likewise.
    """

    cache_dir: Path
    min_dz: float = 0.05
    max_dxy: float = 5.0

    def read(self, path: Path) -> ShardWindows:
        """The windows of one shard, from the cache or, if it has none that fits, cut anew.

        Raises:
            ValueError: If the shard is damaged or holds something else.
        """
        build = partial(self._build, path)
        arrays = cached_arrays(self.cache_dir, path.name, self._key(path), build)
        # Copies, because each mapped array holds a file open and a thousand shards are too many.
        windows, record = np.array(arrays["windows"]), np.array(arrays["record"])
        return ShardWindows(windows, record, int(arrays["records"][0]))

    def read_all(self, paths: Sequence[Path], workers: int = 1) -> list[ShardWindows]:
        """The windows of shards, in order; what the cache lacks is cut by several processes.

        Args:
            paths: The shards.
            workers: Number of processes, which take seconds to start; 1 does all in this one.

        Raises:
            ValueError: If a shard is damaged or holds something else.
        """
        missing = [path for path in paths if not self._folder(path).exists()]
        if workers > 1 and len(missing) > 1:
            spawned = multiprocessing.get_context("spawn")  # threads of torch survive no fork
            with ProcessPoolExecutor(min(workers, len(missing)), mp_context=spawned) as pool:
                _watch(pool.map(self._fill, missing), len(missing))
        else:
            _watch(map(self._fill, missing), len(missing))
        return [self.read(path) for path in paths]

    def _fill(self, path: Path) -> int:
        """Brings a shard into the cache; returns its number of windows."""
        return len(self.read(path).windows)

    def _key(self, path: Path) -> str:
        return fingerprint(FORMAT_VERSION, self.min_dz, self.max_dxy, *_identity(path))

    def _folder(self, path: Path) -> Path:
        """Where the store keeps what was cut from a shard."""
        return self.cache_dir / f"{path.name}-{self._key(path)}"

    def _build(self, path: Path, writer: ArrayWriter) -> None:
        writer.append("windows", np.empty((0, HISTORY + FUTURE, 3), np.float32))
        writer.append("record", np.empty(0, np.int32))
        number = -1
        for number, record in enumerate(read_waymo(path)):
            windows = windows_of(record, self.min_dz, self.max_dxy)
            writer.append("windows", windows)
            writer.append("record", np.full(len(windows), number, np.int32))
        writer.append("records", np.array([number + 1]))


def _identity(path: Path) -> tuple[str, int, str]:
    """Tells a shard from others: name, size, and what stands at its ends.

    Hashing a terabyte would take hours, and times of change differ between copies. The ends hold
    checksums of the first and of the last record, and all others were checked when it was read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(ENDS))
        file.seek(max(size - ENDS, 0))
        digest.update(file.read(ENDS))
    return path.name, size, digest.hexdigest()


def _watch(counts: Iterable[int], total: int) -> None:
    """Goes through the shards as they are done and says how far it is every few seconds."""
    start = told = time.monotonic()
    windows = 0
    for done, count in enumerate(counts, start=1):
        windows += count
        now = time.monotonic()
        if now - told >= REPORT_EVERY:
            told = now
            log.info(
                "Waymo: %d of %d shards read, %d windows, about %.0f s to go.",
                *(done, total, windows, (now - start) / done * (total - done)),
            )
