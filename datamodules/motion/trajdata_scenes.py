"""Reads tracks through trajdata, from its per-scene tables.

trajdata's samples read the whole table of a scene anew for every sample. Here each table is read
once; the tracks equal those of the samples, in the same order.
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
from softsym.datamodules.motion.tracks import (
    SceneTracks,
    backward_velocities,
    gapless_runs,
    place_in_run,
    thinned,
    whole_multiple,
)

log = logging.getLogger(__name__)


def trajdata_version() -> str:
    """Returns the version of trajdata without importing it, which takes seconds."""
    return importlib.metadata.version("trajdata")


def trajdata_scenes(
    env: Environment,
    data_dir: Path,
    scratch: Path,
    splits: Sequence[str],
    dt: float | None = None,
    workers: int = 0,
) -> Iterator[SceneTracks]:
    """Yields all scenes with steps of ``dt`` seconds, split by split, in trajdata's order.

    ``scratch`` is an empty folder of this process for trajdata's own cache, which several processes
    cannot share and a kill leaves damaged. ``workers`` is the number of trajdata's processes.
    """
    asked, factor = sampling(dt, env.dt)
    if env.repair is not None:
        data_dir = env.repair(data_dir, scratch / "repaired")
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
    """Opens the ``UnifiedDataset`` of one split, in world coordinates.

    The arguments are those of :func:`trajdata_scenes`, with a ``dt`` that trajdata accepts. Samples
    require ``history_sec`` and ``future_sec`` of observation, None for no requirement.
    """
    try:
        with _single_process_dataset() as unified_dataset:
            return unified_dataset(
                desired_data=[f"{env.name}-{split}"],
                data_dirs={env.name: str(data_dir)},
                cache_location=str(scratch),
                desired_dt=dt,
                history_sec=(history_sec, history_sec),
                future_sec=(future_sec, future_sec),
                standardize_data=False,  # would rotate every sample by its own noisy heading
                max_neighbor_num=0,
                obs_format="x,y",
                num_workers=workers,
                verbose=False,
                rank=1,  # rank 0 would draw maps, which takes hours for some sets
            )
    except (IndexError, ValueError) as error:
        raise ValueError(
            f"trajdata finds no scene of {split!r} for {env.name} in {data_dir} ({error}). Check "
            f"datamodule.data_dir: {env.layout} Or take scenes of another of its splits, as with "
            f" 'datamodule.splits={{train: {env.splits['train']}, "
            f"val: {env.splits['train']}, test: {env.splits['train']}}}'."
        ) from error


def scene_tracks(dataset: Any, scene: Any, split: str) -> SceneTracks:
    """Reads the tracks of a scene of a ``UnifiedDataset``, agent by agent in trajdata's order.

    A track that misses a step counts as two. Velocities are computed here: trajdata's own repeat
    the second at the first step of a track, which tells where the agent will be.
    """
    cache = dataset.cache_class(dataset.cache_path, scene)
    agents = [agent for agent in scene.agents if agent.last_timestep >= agent.first_timestep]
    first = [cache.index_dict[(agent.name, agent.first_timestep)] for agent in agents]
    last = [cache.index_dict[(agent.name, agent.last_timestep)] for agent in agents]
    counts = np.array(last, np.int64) - np.array(first, np.int64) + 1
    rows = np.repeat(np.array(first, np.int64), counts) + place_in_run(counts)
    table = cache.scene_data_df
    position = table[["x", "y", "z"]].to_numpy(np.float64)[rows]
    step = table.index.get_level_values(1).to_numpy(np.int64)[rows]
    agent = np.repeat(np.arange(len(agents)), counts)
    known = np.isfinite(position).all(axis=1)
    position, step, agent = position[known], step[known], agent[known]
    begins, steps = gapless_runs(agent, step)
    kinds = np.array([int(agent.type) for agent in agents], np.int64)
    velocity = backward_velocities(position, steps, scene.dt)
    tracks = (step[begins], steps, kinds[agent[begins]], position, velocity)
    return SceneTracks(split, *tracks, str(scene.name))


def sampling(dt: float | None, native: float) -> tuple[float | None, int]:
    """Translates ``dt`` into the dt for trajdata and the number of its steps per step of ours.

    Finer steps are interpolated by trajdata. Coarser steps are selected here: trajdata divides
    floating-point numbers and tests whether the result is whole, so it does not accept 0.3 s as a
    multiple of 0.1 s.
    """
    if dt is None:
        return None, 1
    if (factor := whole_multiple(dt, native)) is not None:
        return None, factor
    # One of the adjacent floating-point numbers passes trajdata's test for a whole quotient.
    for candidate in (dt, math.nextafter(dt, 0), math.nextafter(dt, math.inf)):
        if (native / candidate).is_integer():
            return candidate, 1
    raise ValueError(
        f"datamodule.dt is {dt:g} s, but the recordings are {native:g} s apart; it must be a whole "
        "multiple or a whole fraction of that."
    )


@contextmanager
def _single_process_dataset() -> Iterator[Any]:
    """Patches UnifiedDataset to skip its barrier of all ranks and to write scenes fast.

    Only one rank builds, so a barrier inside trajdata would wait for the others forever. Most of
    trajdata's time goes into dill, which is pure Python, to write a cache that is discarded here.
    """
    import dill  # noqa: PLC0415 - installed with trajdata
    import trajdata.caching.env_cache  # noqa: PLC0415 - takes seconds, only a build needs it
    import trajdata.dataset  # noqa: PLC0415

    def dump(scene: Any, file: IO[bytes]) -> None:
        try:
            content = pickle.dumps(scene)
        except (pickle.PicklingError, AttributeError, TypeError):  # only dill can write this
            content = dill.dumps(scene)
        file.write(content)

    single = SimpleNamespace(is_initialized=lambda: False)
    fast = SimpleNamespace(dump=dump, load=dill.load)
    with (
        mock.patch.object(trajdata.dataset, "distributed", single),
        mock.patch.object(trajdata.caching.env_cache, "dill", fast),
    ):
        yield trajdata.dataset.UnifiedDataset
