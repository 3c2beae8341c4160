"""All windows of ETH/UCY at once, out of trajdata's per-scene tables, kept in one cached file.

trajdata reads a scene's whole table anew for every sample. Here each table is read once and its
windows are cut by indexing, in the order and with the values of trajdata's own iteration.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
from filelock import FileLock, Timeout

from datamodules.pedestrian_files import (
    FRAME_STEP,
    RECORDINGS,
    check_present,
    read_recordings,
    recording_path,
)

if TYPE_CHECKING:
    from trajdata import UnifiedDataset

logger = logging.getLogger(__name__)

SCENES = ("eth", "hotel", "univ", "zara1", "zara2")
PARTS = {"train": "train_loo", "val": "val_loo", "test": "test_loo"}
"""Our names of the splits and trajdata's, leave-one-scene-out."""

DT = 0.4
"""Seconds between two frames."""

FORMAT_VERSION = 1
"""Raise it when the content of the cached file changes for the same raw files and settings."""

LOCK_TIMEOUT = 600.0
BUILDING = "building-"


def cached_windows(
    scene: str, data_dir: Path, cache_dir: Path, history: int = 8, future: int = 12
) -> dict[str, np.ndarray]:
    """All windows of the three splits, from the cache or, if it has none that fits, built anew.

    Safe to call from any number of processes at once: one builds, the others wait for the result.

    Args:
        scene: Scene held out for the test, one of :data:`SCENES`.
        data_dir: Folder of the eight raw files.
        cache_dir: Folder of the cached results, made if absent.
        history: Observed frames, the last of them now.
        future: Predicted frames.

    Returns:
        For ``train``, ``val`` and ``test`` float32 (n, history + future, 2): metres from the last
        observed position, so that ``[:, history - 1]`` is zero.

    Raises:
        FileNotFoundError: If raw files are missing.
        ValueError: If raw files are damaged or a split has no window.
        ImportError: If trajdata is not installed.
    """
    check_present(data_dir)
    key = cache_key(scene, data_dir, history, future)
    path = cache_dir / f"{scene}-{history}-{future}-{key}.npz"
    found = _read(path, key, history + future)
    if found is not None:
        return found
    with _only_builder(cache_dir):
        found = _read(path, key, history + future)  # another process may have built it meanwhile
        if found is not None:
            return found
        scratch = Path(tempfile.mkdtemp(prefix=BUILDING, dir=cache_dir))
        try:
            windows = extract_windows(scene, data_dir, scratch / "trajdata", history, future)
            centred = {part: centre(values, history) for part, values in windows.items()}
            _write(path, key, centred, scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return centred


def cache_key(scene: str, data_dir: Path, history: int, future: int) -> str:
    """Names what a cached result depends on: settings, raw content, versions (16 hex digits).

    Raises:
        ImportError: If trajdata is not installed.
    """
    digest = hashlib.sha256()
    digest.update(repr((FORMAT_VERSION, trajdata_version(), scene, history, future)).encode())
    for name in RECORDINGS:
        digest.update(hashlib.sha256(recording_path(data_dir, name).read_bytes()).digest())
    return digest.hexdigest()[:16]


def trajdata_version() -> str:
    """Version of the installed trajdata, without the seconds that importing it takes.

    Raises:
        ImportError: If trajdata is not installed.
    """
    try:
        return importlib.metadata.version("trajdata")
    except importlib.metadata.PackageNotFoundError:
        raise ImportError(
            "ETH/UCY is read through trajdata, which is not installed. Run "
            'pip install -e ".[trajectory]".'
        ) from None


def centre(windows: np.ndarray, history: int) -> np.ndarray:
    """Moves each window so that its last observed position is the origin.

    Args:
        windows: (n, steps, 2) in metres.
        history: Observed frames.

    Returns:
        float32 (n, steps, 2); the subtraction is done in the precision of the input.
    """
    return (windows - windows[:, history - 1 : history]).astype(np.float32)


def extract_windows(
    scene: str, data_dir: Path, scratch: Path, history: int = 8, future: int = 12
) -> dict[str, np.ndarray]:
    """Cuts every window of every track out of trajdata's tables.

    Args:
        scene: Scene held out for the test.
        data_dir: Folder of the eight raw files.
        scratch: A fresh folder of this process alone for trajdata's own cache, which is neither
            safe between processes nor after a kill.
        history: Observed frames, the last of them now.
        future: Predicted frames.

    Returns:
        For ``train``, ``val`` and ``test`` float64 (n, history + future, 2) in metres, in the
        frame and order of the recordings as trajdata iterates them.

    Raises:
        FileNotFoundError: If raw files are missing.
        ValueError: If raw files are damaged or a recording has no window in some part.
    """
    tables = read_recordings(data_dir)
    logger.info("Extracting the windows of ETH/UCY with %r held out from %s.", scene, data_dir)
    _check_enough(tables, data_dir, history + future)
    windows = {}
    for part, tag in PARTS.items():
        dataset = open_dataset(scene, tag, data_dir, scratch, history=history, future=future)
        cut = [_scene_windows(dataset, item, history + future) for item in dataset.scenes()]
        windows[part] = np.concatenate(cut)
        logger.info("%s: %d windows from %d recordings.", tag, len(windows[part]), len(cut))
    return windows


def open_dataset(
    scene: str, tag: str, data_dir: Path, scratch: Path, *, history: int = 8, future: int = 12
) -> UnifiedDataset:
    """The trajdata dataset of one leave-one-out split, in world coordinates.

    Args:
        scene: Scene held out for the test.
        tag: ``train_loo``, ``val_loo`` or ``test_loo``.
        data_dir: Folder of the raw files.
        scratch: Folder of trajdata's own cache.
        history: Observed frames, the last of them now.
        future: Predicted frames.
    """
    environment = f"eupeds_{scene}"
    # Seconds rounded: 7 * 0.4 is 2.8000000000000003, of which trajdata would make eight frames.
    before, after = round((history - 1) * DT, 6), round(future * DT, 6)
    with _alone() as unified_dataset:
        return unified_dataset(
            desired_data=[f"{environment}-{tag}"],
            data_dirs={environment: str(data_dir)},
            cache_location=str(scratch),
            history_sec=(before, before),
            future_sec=(after, after),
            standardize_data=False,  # it turns every sample by its own noisy heading
            max_neighbor_num=0,
            obs_format="x,y",
            num_workers=0,
            verbose=False,
        )


def _scene_windows(dataset: UnifiedDataset, scene: Any, steps: int) -> np.ndarray:
    """Windows (n, steps, 2) of one scene: its tracks are runs of rows in one table."""
    from trajdata import filtering  # noqa: PLC0415

    cache = dataset.cache_class(dataset.cache_path, scene)
    positions = cache.scene_data_df[["x", "y"]].to_numpy(dtype=np.float64)
    starts = []
    for agent in scene.agents:
        first, last = filtering.get_valid_ts(
            agent, scene.dt, dataset.history_sec, dataset.future_sec
        )
        if last >= first:
            row = cache.index_dict[(agent.name, agent.first_timestep)]
            starts.append(np.arange(row, row + last - first + 1))
    return positions[np.concatenate(starts)[:, None] + np.arange(steps)]


def _check_enough(tables: Mapping[str, np.ndarray], data_dir: Path, steps: int) -> None:
    """Raises if some recording has no window before or after the frame that splits it.

    trajdata fails without saying why on such a part, of which a file cut short is the usual cause.
    """
    from trajdata.dataset_specific.eth_ucy_peds.eupeds_dataset import (  # noqa: PLC0415
        TRAINVAL_FRAME_SPLITS,
    )

    for name, table in tables.items():
        frames = (table[:, 0] - table[:, 0].min()) // FRAME_STEP
        split = TRAINVAL_FRAME_SPLITS[name]
        for where, inside in (("before", frames < split), ("from", frames >= split)):
            _, lengths = np.unique(table[inside, 1], return_counts=True)
            if lengths.max(initial=0) < steps:
                raise ValueError(
                    f"{recording_path(data_dir, name)} has {int(frames.max()) + 1} frames, and no "
                    f"pedestrian is seen for history + future = {steps} of them {where} frame "
                    f"number {split}, where trajdata parts training from validation. If the file "
                    "was cut short, fetch it again; else lower datamodule.history or "
                    "datamodule.future."
                )


@contextmanager
def _alone() -> Iterator[Any]:
    """Gives UnifiedDataset with its barrier of all ranks switched off.

    Only one rank builds, so a barrier inside trajdata would wait for the others for ever.
    """
    import trajdata.dataset  # noqa: PLC0415 - takes seconds, and only a build needs it

    single = SimpleNamespace(is_initialized=lambda: False)
    with mock.patch.object(trajdata.dataset, "distributed", single):
        yield trajdata.dataset.UnifiedDataset


@contextmanager
def _only_builder(cache_dir: Path) -> Iterator[None]:
    """Holds the lock of the cache folder and clears away what killed builds have left there."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(cache_dir / "build.lock", timeout=LOCK_TIMEOUT)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("Another process builds in %s; waiting for it.", cache_dir)
        try:
            lock.acquire()
        except Timeout:
            raise TimeoutError(
                f"Another process has held {lock.lock_file} for {LOCK_TIMEOUT:.0f} s, where a "
                "build takes seconds. End that process, or choose another datamodule.cache_dir."
            ) from None
    try:
        # Whoever held the lock before is done or dead, so no one works in these folders.
        for leftover in cache_dir.glob(f"{BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        lock.release()


def _write(path: Path, key: str, windows: Mapping[str, np.ndarray], scratch: Path) -> None:
    """Writes the result beside its final place and renames it: no half file is ever seen."""
    unfinished = scratch / path.name
    label = json.dumps({"key": key, "format": FORMAT_VERSION, "trajdata": trajdata_version()})
    with unfinished.open("wb") as file:
        np.savez(file, label=np.array(label), **windows)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _read(path: Path, key: str, steps: int) -> dict[str, np.ndarray] | None:
    """The cached windows, or None if there are none or the file is damaged (checksums differ)."""
    try:
        # Opened here, because numpy leaves a file that it cannot understand open.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            label = json.loads(str(file["label"]))
            windows = {part: file[part] for part in PARTS}
    except FileNotFoundError:
        return None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, NotImplementedError) as e:
        logger.warning("The cache file %s is damaged (%s); it is built anew.", path, e)
        return None
    fits = all(values.shape[1:] == (steps, 2) for values in windows.values())
    if label.get("key") != key or not fits:
        logger.warning("The cache file %s holds something else; it is built anew.", path)
        return None
    return windows
