"""Tracks of the scenes that trajdata reads, out of its per-scene tables.

trajdata's own way, sample by sample, reads a scene's whole table anew for each of them. Here each
table is read once. What is taken from it is what the samples would show, in the same order.
"""

from __future__ import annotations

import importlib.metadata
import logging
import math
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any
from unittest import mock

import numpy as np

from softsym.datamodules.motion.environments import Environment
from softsym.datamodules.motion.tracks import SceneTracks, thinned, whole_multiple

log = logging.getLogger(__name__)


def trajdata_version() -> str:
    """Version of the installed trajdata, without the seconds that importing it takes."""
    return importlib.metadata.version("trajdata")


def trajdata_scenes(
    env: Environment,
    data_dir: Path,
    scratch: Path,
    splits: Sequence[str],
    dt: float | None = None,
    workers: int = 0,
) -> Iterator[SceneTracks]:
    """Reads all scenes, split by split.

    Args:
        env: The environment.
        data_dir: Folder of its raw data.
        scratch: A fresh folder of this process alone for trajdata's own cache, which is neither
            safe between processes nor after a kill.
        splits: The environment's own splits to read.
        dt: Seconds between two frames; those of the recordings by default.
        workers: Processes that trajdata reads with.

    Yields:
        The scenes of a split in trajdata's order.

    Raises:
        ValueError: If a split has no scene, or trajdata cannot make steps of ``dt``.
    """
    asked, factor = sampling(dt, env.dt)
    for split in splits:
        dataset = open_dataset(env, split, data_dir, scratch, dt=asked, workers=workers)
        for scene in dataset.scenes():
            yield thinned(scene_tracks(dataset, scene, split), factor)


def open_dataset(
    env: Environment,
    split: str,
    data_dir: Path,
    scratch: Path,
    *,
    dt: float | None = None,
    history_sec: float | None = None,
    future_sec: float | None = None,
    workers: int = 0,
) -> Any:
    """The ``UnifiedDataset`` of one split, in world coordinates.

    Args:
        env: The environment.
        split: One of its own splits.
        data_dir: Folder of its raw data.
        scratch: Folder of trajdata's own cache.
        dt: Seconds between two frames, as trajdata takes them; those of the recordings by default.
        history_sec: Time observed of each sample; None asks for nothing.
        future_sec: Time to predict of each sample; None asks for nothing.
        workers: Processes that trajdata reads with.

    Raises:
        ValueError: If there is no such split, or it has no scene.
    """
    try:
        with _alone() as unified_dataset:
            return unified_dataset(
                desired_data=[f"{env.name}-{split}"],
                data_dirs={env.name: str(data_dir)},
                cache_location=str(scratch),
                desired_dt=dt,
                history_sec=(history_sec, history_sec),
                future_sec=(future_sec, future_sec),
                standardize_data=False,  # it turns every sample by its own noisy heading
                max_neighbor_num=0,
                obs_format="x,y",
                num_workers=workers,
                verbose=False,
                rank=1,  # only rank 0 draws maps, which take hours for some sets, and are not read
            )
    except (IndexError, ValueError) as error:
        raise ValueError(
            f"trajdata finds no scene of {split!r} for {env.name} in {data_dir} ({error}). Check "
            f"datamodule.data_dir: {_lowered(env.layout)} Or take scenes of another of its splits, "
            f"as with 'datamodule.splits={{train: {env.splits['train']}, "
            f"val: {env.splits['train']}, test: {env.splits['train']}}}'."
        ) from error


def scene_tracks(dataset: Any, scene: Any, split: str) -> SceneTracks:
    """The tracks of one scene, agent by agent in trajdata's order.

    Args:
        dataset: The ``UnifiedDataset``.
        scene: One of its scenes.
        split: The environment's own split of it.
    """
    cache = dataset.cache_class(dataset.cache_path, scene)
    agents = [agent for agent in scene.agents if agent.last_timestep >= agent.first_timestep]
    first_step = np.array([agent.first_timestep for agent in agents], np.int64)
    steps = np.array([agent.last_timestep for agent in agents], np.int64) - first_step + 1
    first = [cache.index_dict[(agent.name, agent.first_timestep)] for agent in agents]
    rows = np.repeat(np.array(first, np.int64) - (np.cumsum(steps) - steps), steps)
    rows += np.arange(int(steps.sum()))
    table = cache.scene_data_df
    position = table[["x", "y", "z"]].to_numpy(np.float64)[rows]
    velocity = table[["vx", "vy"]].to_numpy(np.float64)[rows]
    climb = differences(position[:, 2], steps) / scene.dt
    return SceneTracks(
        split,
        first_step,
        steps,
        np.array([int(agent.type) for agent in agents], np.int64),
        position,
        np.column_stack([velocity, climb]),
    )


def differences(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Change since the step before; at the first step of a track, that of its second.

    Args:
        values: (rows,) of tracks one after another.
        steps: (agents,) rows of each track.

    Returns:
        (rows,); 0 for a track of one step.
    """
    first = np.cumsum(steps) - steps
    change = np.diff(values, prepend=values[:1])
    following = np.minimum(first + 1, len(values) - 1)
    change[first] = np.where(steps > 1, change[following], 0.0)
    return change


def sampling(dt: float | None, native: float) -> tuple[float | None, int]:
    """What trajdata is asked for, and how many of its steps make one, for steps of ``dt``.

    It interpolates where steps are to be finer. Coarser ones are picked out here, as it does: it
    divides floating-point numbers and asks whether the result is whole, so that for it 0.3 s is no
    multiple of 0.1 s.

    Raises:
        ValueError: If ``dt`` is no whole multiple or part of ``native``.
    """
    if dt is None:
        return None, 1
    if (factor := whole_multiple(dt, native)) is not None:
        return None, factor
    for candidate in (dt, math.nextafter(dt, 0), math.nextafter(dt, math.inf)):
        if (native / candidate).is_integer():
            return candidate, 1
    raise ValueError(
        f"datamodule.dt is {dt:g} s, but the recordings are {native:g} s apart; it must be a whole "
        "multiple or a whole part of that."
    )


def _lowered(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


@contextmanager
def _alone() -> Iterator[Any]:
    """Gives UnifiedDataset with its barrier of all ranks switched off, and fast in writing scenes.

    Only one rank builds, so a barrier inside trajdata would wait for the others for ever. Most of
    its time goes into writing scenes by dill, in Python, to a cache that is thrown away here.
    """
    import dill  # noqa: PLC0415 - comes with trajdata
    import trajdata.caching.env_cache  # noqa: PLC0415 - takes seconds, and only a build needs it
    import trajdata.dataset  # noqa: PLC0415

    def dump(scene: Any, file: IO[bytes]) -> None:
        try:
            content = pickle.dumps(scene)
        except (pickle.PicklingError, AttributeError, TypeError):  # what only dill can write
            content = dill.dumps(scene)
        file.write(content)

    single = SimpleNamespace(is_initialized=lambda: False)
    fast = SimpleNamespace(dump=dump, load=dill.load)
    with (
        mock.patch.object(trajdata.dataset, "distributed", single),
        mock.patch.object(trajdata.caching.env_cache, "dill", fast),
    ):
        yield trajdata.dataset.UnifiedDataset
