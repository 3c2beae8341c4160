"""Tracks of a scene as plain arrays, and all scenes of an environment in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softsym.datamodules.array_store import Arrays, ArrayWriter, cached_arrays

FORMAT_VERSION = 3
"""To be increased when the same recordings give other arrays."""
LONGEST = 64
"""Bytes of a scene's name that are kept."""
PARTS = ("_train", "_val", "_test")
"""Ends of the names of scenes that are parts of one recording, in time."""


@dataclass(frozen=True)
class SceneTracks:
    """All tracks of one scene; each is a run of consecutive rows, one per step, without gaps."""

    split: str  # the environment's own
    first_step: np.ndarray  # (agents,) step at which a track begins
    steps: np.ndarray  # (agents,) number of steps of a track
    kind: np.ndarray  # (agents,) index into environments.AGENT_TYPES
    position: np.ndarray  # (rows, 3) metres, float64; the rows of agent 0, then of agent 1, ...
    velocity: np.ndarray  # (rows, 3) metres per second, float64; NaN where it is unknown
    name: str = ""  # unique in the environment; empty if unknown

    @property
    def recording(self) -> str:
        """Name of the recording that the scene is, or is a part of."""
        ends = [end for end in PARTS if self.name.endswith(end)]
        return self.name.removesuffix(ends[0]) if ends else self.name

    @property
    def first_row(self) -> np.ndarray:
        """(agents,) row at which a track begins."""
        return np.cumsum(self.steps) - self.steps

    @property
    def agent_of_row(self) -> np.ndarray:
        """(rows,) agent to which a row belongs."""
        return np.repeat(np.arange(len(self.steps)), self.steps)

    @property
    def step_of_row(self) -> np.ndarray:
        """(rows,) time step of a row."""
        return np.repeat(self.first_step, self.steps) + place_in_run(self.steps)

    def of_agents(self, chosen: np.ndarray) -> SceneTracks:
        """Returns the scene with the chosen agents only, bool (agents,)."""
        rows = np.repeat(chosen, self.steps)
        first_step, steps, kind = self.first_step[chosen], self.steps[chosen], self.kind[chosen]
        position, velocity = self.position[rows], self.velocity[rows]
        return SceneTracks(self.split, first_step, steps, kind, position, velocity, self.name)


class TrackStore:
    """The scenes of an environment, mapped into memory.

    Args:
        arrays: ``scenes`` (scenes,), number of the split; ``names`` (scenes, 64), bytes of the
            name; ``agents`` (agents, 4), number of the scene, first step, steps and kind;
            ``position`` and ``velocity`` (rows, 3).
        splits: Names of the environment's splits, by number.
    """

    def __init__(self, arrays: Arrays, splits: Sequence[str]) -> None:
        self.arrays, self.splits = arrays, splits
        agents = arrays["agents"]
        count = len(arrays["scenes"])
        # First agent and first row of every scene, followed by the total.
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
        tracks = (first_step, steps, kind, positions, velocities)
        return SceneTracks(self.split_of(index), *tracks, text_of(self.arrays["names"][index]))

    def split_of(self, index: int) -> str:
        """Returns the environment's own split of a scene."""
        return self.splits[int(self.arrays["scenes"][index])]


def cached_tracks(
    cache_dir: Path,
    name: str,
    key: str,
    splits: Sequence[str],
    scenes: Callable[[Path], Iterable[SceneTracks]],
) -> TrackStore:
    """Returns all scenes from the cache; reads them first if they are not there.

    ``splits`` are the environment's own; ``scenes`` gets an empty folder for temporary files.
    """

    def build(writer: ArrayWriter) -> None:
        for index, scene in enumerate(scenes(writer.scratch)):
            writer.append("scenes", np.array([splits.index(scene.split)]))
            writer.append("names", row_of(scene.name))
            numbers = (np.full(len(scene.steps), index), scene.first_step, scene.steps, scene.kind)
            writer.append("agents", np.stack(numbers, axis=1).astype(np.int64))
            writer.append("position", scene.position.astype(np.float64))
            writer.append("velocity", scene.velocity.astype(np.float64))

    return TrackStore(cached_arrays(cache_dir, f"{name}-tracks", key, build), splits)


def row_of(name: str) -> np.ndarray:
    """The first letters of a name as a row (1, 64) of bytes, for the cache.

    Example:
        >>> text_of(row_of("zara")[0])
        'zara'
    """
    return np.frombuffer(name.encode()[:LONGEST].ljust(LONGEST, b"\0"), np.uint8)[None]


def text_of(row: np.ndarray) -> str:
    """The name of which :func:`row_of` made a row (64,)."""
    return row.tobytes().rstrip(b"\0").decode(errors="ignore")


def gapless_runs(agent: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds first row and length of each track without gaps, in rows sorted by agent and step."""
    if not len(agent):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    # A track ends where the agent changes or a step is missing.
    new = np.flatnonzero((np.diff(agent) != 0) | (np.diff(step) != 1)) + 1
    first = np.concatenate([[0], new])
    return first, np.diff(np.concatenate([first, [len(agent)]]))


def backward_velocities(position: np.ndarray, steps: np.ndarray, dt: float) -> np.ndarray:
    """Computes velocities (rows, 3) in metres per second from where each track was before.

    No velocity depends on a later position. At the first of the ``steps`` (agents,) of a track the
    velocity is unknown, NaN. Rows of ``position`` (rows, 3), in metres, are ``dt`` seconds apart.

    Example:
        >>> path = np.array([[0.0, 0, 0], [1, 0, 0], [9, 9, 9]])
        >>> backward_velocities(path, np.array([2, 1]), dt=0.5)[:, 0].tolist()
        [nan, 2.0, nan]
    """
    velocity = np.full(position.shape, np.nan)
    velocity[1:] = np.diff(position, axis=0) / dt
    velocity[(np.cumsum(steps) - steps)[steps > 0]] = np.nan
    return velocity


def place_in_run(lengths: np.ndarray) -> np.ndarray:
    """Counts 0, 1, ... within consecutive runs of the given lengths.

    Example:
        >>> place_in_run(np.array([2, 0, 3])).tolist()
        [0, 1, 0, 1, 2]
    """
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(starts, lengths)


def whole_multiple(dt: float, native: float) -> int | None:
    """Returns the number of steps of ``native`` seconds in ``dt``, or None if it is not whole.

    Example:
        >>> whole_multiple(0.3, 0.1), whole_multiple(0.25, 0.1)
        (3, None)
    """
    count = round(dt / native)
    fits = count >= 1 and math.isclose(count * native, dt, rel_tol=1e-9)
    return count if fits else None


def thinned(scene: SceneTracks, factor: int) -> SceneTracks:
    """Keeps the steps of a scene whose number ``factor`` divides, as trajdata does."""
    if factor == 1:
        return scene
    kept = scene.step_of_row % factor == 0
    steps = np.bincount(scene.agent_of_row[kept], minlength=len(scene.steps))
    seen = steps > 0
    return SceneTracks(
        scene.split,
        -(-scene.first_step[seen] // factor),
        steps[seen],
        scene.kind[seen],
        scene.position[kept],
        scene.velocity[kept],
        scene.name,
    )
