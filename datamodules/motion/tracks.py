"""Tracks of a scene as plain arrays, and all scenes of an environment in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softsym.datamodules.array_store import Arrays, ArrayWriter, cached_arrays

FORMAT_VERSION = 1
"""Raise it when the same recordings give other arrays."""


@dataclass(frozen=True)
class SceneTracks:
    """All tracks of one scene; each is a run of rows, one for each step, without gaps.

    Attributes:
        split: The environment's own split that the scene belongs to.
        first_step: (agents,) step at which a track begins.
        steps: (agents,) its number of steps; the tracks' rows follow one another.
        kind: (agents,) index into :data:`environments.AGENT_TYPES`.
        position: (rows, 3) metres, float64.
        velocity: (rows, 3) metres per second, float64.
    """

    split: str
    first_step: np.ndarray
    steps: np.ndarray
    kind: np.ndarray
    position: np.ndarray
    velocity: np.ndarray

    @property
    def first_row(self) -> np.ndarray:
        """(agents,) row at which a track begins."""
        return np.cumsum(self.steps) - self.steps

    def of_agents(self, chosen: np.ndarray) -> SceneTracks:
        """The scene with some of its agents only.

        Args:
            chosen: bool (agents,).
        """
        rows = np.repeat(chosen, self.steps)
        return SceneTracks(
            self.split,
            self.first_step[chosen],
            self.steps[chosen],
            self.kind[chosen],
            self.position[rows],
            self.velocity[rows],
        )


class TrackStore:
    """The scenes of an environment, mapped into memory.

    Args:
        arrays: As :func:`write_scene` appends them.
        splits: Names of the environment's splits, by number.
    """

    def __init__(self, arrays: Arrays, splits: Sequence[str]) -> None:
        self.arrays, self.splits = arrays, splits
        agents = arrays["agents"]
        count = len(arrays["scenes"])
        self._agents = np.searchsorted(agents[:, 0], np.arange(count + 1))
        self._rows = np.concatenate([[0], np.cumsum(agents[:, 2])])[self._agents]

    def __len__(self) -> int:
        return len(self.arrays["scenes"])

    def __getitem__(self, index: int) -> SceneTracks:
        if not 0 <= index < len(self):
            raise IndexError(index)
        agents = self.arrays["agents"][self._agents[index] : self._agents[index + 1]]
        rows = slice(self._rows[index], self._rows[index + 1])
        _, first_step, steps, kind = agents.T
        positions, velocities = self.arrays["position"][rows], self.arrays["velocity"][rows]
        return SceneTracks(self.split_of(index), first_step, steps, kind, positions, velocities)

    def split_of(self, index: int) -> str:
        """The environment's own split of a scene."""
        return self.splits[int(self.arrays["scenes"][index])]


def cached_tracks(
    cache_dir: Path,
    name: str,
    key: str,
    splits: Sequence[str],
    scenes: Callable[[Path], Iterable[SceneTracks]],
) -> TrackStore:
    """All scenes, from the cache or, if they are not there, read now.

    Args:
        cache_dir: Folder of the cache.
        name: Name of the environment.
        key: Names all that the tracks depend on.
        splits: The environment's own splits that are read.
        scenes: Reads the scenes, given a fresh folder to work in.
    """

    def build(writer: ArrayWriter) -> None:
        for index, scene in enumerate(scenes(writer.scratch)):
            write_scene(writer, index, scene, splits)

    return TrackStore(cached_arrays(cache_dir, f"{name}-tracks", key, build), splits)


def write_scene(writer: ArrayWriter, index: int, scene: SceneTracks, splits: Sequence[str]) -> None:
    """Appends a scene to the arrays of a store.

    Args:
        writer: Writes the arrays.
        index: Number of the scene.
        scene: The scene.
        splits: Names of the environment's splits, by number.
    """
    writer.append("scenes", np.array([splits.index(scene.split)]))
    numbers = (np.full(len(scene.steps), index), scene.first_step, scene.steps, scene.kind)
    writer.append("agents", np.stack(numbers, axis=1).astype(np.int64))
    writer.append("position", scene.position.astype(np.float64))
    writer.append("velocity", scene.velocity.astype(np.float64))


def runs(agent: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where tracks without gaps begin in rows sorted by agent and step.

    Args:
        agent: (rows,) number of the agent.
        step: (rows,) time step.

    Returns:
        First row and number of rows of each run.
    """
    if not len(agent):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    new = np.flatnonzero((np.diff(agent) != 0) | (np.diff(step) != 1)) + 1
    first = np.concatenate([[0], new])
    return first, np.diff(np.concatenate([first, [len(agent)]]))


def whole_multiple(dt: float, native: float) -> int | None:
    """How many steps of ``native`` seconds make one of ``dt``; None if no whole number does.

    Example:
        >>> whole_multiple(0.3, 0.1), whole_multiple(0.25, 0.1)
        (3, None)
    """
    count = round(dt / native)
    fits = count >= 1 and math.isclose(count * native, dt, rel_tol=1e-9)
    return count if fits else None


def thinned(scene: SceneTracks, factor: int) -> SceneTracks:
    """Every ``factor``-th step of a scene, those whose number it divides, as trajdata does it."""
    if factor == 1:
        return scene
    step = np.repeat(scene.first_step, scene.steps) + _within(scene.steps)
    kept = step % factor == 0
    agent = np.repeat(np.arange(len(scene.steps)), scene.steps)[kept]
    steps = np.bincount(agent, minlength=len(scene.steps))
    seen = steps > 0
    return SceneTracks(
        scene.split,
        -(-scene.first_step[seen] // factor),
        steps[seen],
        scene.kind[seen],
        scene.position[kept],
        scene.velocity[kept],
    )


def _within(counts: np.ndarray) -> np.ndarray:
    """0, 1, ... for each run of so many rows."""
    starts = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) - np.repeat(starts, counts)


def scene_indices(store: TrackStore, split: str) -> Iterator[int]:
    """Numbers of the scenes of one of the environment's splits."""
    return (index for index in range(len(store)) if store.split_of(index) == split)
