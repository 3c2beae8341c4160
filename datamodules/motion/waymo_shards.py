"""Windows cut from shards of the Waymo Open Motion Dataset, kept in a cache.

Every shard has a cache entry of its own. An interrupted build of a thousand shards therefore
continues where it stopped, and all recipes and splits share the entries.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from softsym.datamodules.array_store import ArrayWriter, cached_arrays, fingerprint
from softsym.datamodules.motion.content_keys import shard_key
from softsym.datamodules.motion.progress import with_progress
from softsym.datamodules.motion.waymo_records import read_waymo
from softsym.datamodules.motion.waymo_windows import FUTURE, HISTORY, cut_windows

log = logging.getLogger(__name__)

FORMAT_VERSION = 1
"""To be increased when the same shard and settings give other windows."""


@dataclass(frozen=True)
class ShardWindows:
    """The windows of one shard."""

    windows: np.ndarray  # float32 (n, 12, 3) in metres, in the frames of the records
    record: np.ndarray  # int32 (n,), number of the record of each window
    records: int  # in the shard, including those without a window
    first: int = 0  # number of its first record


@dataclass(frozen=True)
class ShardReader:
    """Cuts windows from shards by :func:`cut_windows`, through the cache."""

    cache_dir: Path
    min_dz: float = 0.05
    max_dxy: float = 5.0

    def read(self, path: Path) -> ShardWindows:
        """Returns the windows of one shard, from the cache if possible."""
        build = partial(self._build, path)
        arrays = cached_arrays(self.cache_dir, path.name, self._key(path), build)
        # Copies, because a mapped array keeps its file open, and a thousand shards are too many.
        windows, record = np.array(arrays["windows"]), np.array(arrays["record"])
        return ShardWindows(windows, record, int(arrays["records"][0]))

    def read_all(self, paths: Sequence[Path], workers: int = 1) -> list[ShardWindows]:
        """Returns the windows of shards in order; ``workers`` processes cut those not in the cache.

        Records are numbered through all shards, so that no two of them share a number. One worker
        is this process; several take seconds to start.
        """
        missing = [p for p in paths if not (self.cache_dir / f"{p.name}-{self._key(p)}").exists()]
        if workers > 1 and len(missing) > 1:
            spawned = multiprocessing.get_context("spawn")  # torch's threads do not survive a fork
            with ProcessPoolExecutor(min(workers, len(missing)), mp_context=spawned) as pool:
                _await_all(pool.map(self._fill_cache, missing), len(missing))
        else:
            _await_all(map(self._fill_cache, missing), len(missing))
        shards, first = [], 0
        for path in paths:
            shard = self.read(path)
            shard.record[:] += first
            shards.append(replace(shard, first=first))
            first += shard.records
        return shards

    def _fill_cache(self, path: Path) -> int:
        """Caches a shard; returns its number of windows, as windows are slow to send."""
        return len(self.read(path).windows)

    def _key(self, path: Path) -> str:
        return fingerprint(FORMAT_VERSION, self.min_dz, self.max_dxy, *shard_key(path))

    def _build(self, path: Path, writer: ArrayWriter) -> None:
        # Empty rows first: a shard without windows needs arrays of the right shape as well.
        writer.append("windows", np.empty((0, HISTORY + FUTURE, 3), np.float32))
        writer.append("record", np.empty(0, np.int32))
        number = -1
        for number, record in enumerate(read_waymo(path)):
            windows = cut_windows(record, self.min_dz, self.max_dxy)
            writer.append("windows", windows)
            writer.append("record", np.full(len(windows), number, np.int32))
        writer.append("records", np.array([number + 1]))


def _await_all(counts: Iterable[int], total: int) -> None:
    windows = sum(with_progress(counts, "Waymo shards read", total))
    if total:
        log.info("Waymo: %d shards read, %d windows.", total, windows)
