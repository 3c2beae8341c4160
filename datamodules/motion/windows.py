"""Cuts windows from tracks, thousands at once by indexing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from softsym.datamodules.motion.environments import AGENT_TYPES
from softsym.datamodules.motion.layout import WindowLayout
from softsym.datamodules.motion.neighbours import Neighbourhood
from softsym.datamodules.motion.tracks import SceneTracks, place_in_run
from softsym.datamodules.setting_checks import Count, NonNegative, Positive, require

CHUNK = 1 << 15
"""Number of windows in memory at once."""

Windows = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Inputs, targets, and the agent of each window."""


@dataclass(frozen=True)
class WindowFilter:
    """Selects windows, all of whose steps must have been observed.

    Args:
        agent_types: Kinds of predicted agents; None for all.
        min_displacement: Least distance in metres between the first and the last step.
        max_speed: Largest speed in metres per second between two steps, above which a track is
            considered broken; None for no limit.
        stride: Number of steps between the beginnings of two windows of a track.
        recorded: Number of steps between two recorded ones. Steps in between are interpolated, so
            that one of them as now would tell where the agent goes next.
        least_future: Number of predicted steps that must have been observed; None for all.
    """

    agent_types: tuple[str, ...] | None = None
    min_displacement: float = 0.0
    max_speed: float | None = None
    stride: int = 1
    recorded: int = 1
    least_future: int | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.agent_types or () if name not in AGENT_TYPES]
        if unknown or self.agent_types == ():
            raise ValueError(
                f"datamodule.agent_types is {list(self.agent_types or ())}; each must be one of "
                f"{', '.join(AGENT_TYPES)}, or null for all."
            )
        require("datamodule.min_displacement", self.min_displacement, NonNegative)
        require("datamodule.max_speed", self.max_speed, Positive | None)
        require("datamodule.stride", self.stride, Count)
        require("datamodule.least_future_sec in steps", self.least_future, Count | None)

    def needed(self, layout: WindowLayout) -> int:
        """Returns the number of steps of a window that must have been observed."""
        future = layout.future if self.least_future is None else self.least_future
        return layout.history + min(future, layout.future)

    def agents(self, scene: SceneTracks) -> np.ndarray:
        """Selects the predicted agents of a scene, bool (agents,)."""
        if self.agent_types is None:
            return np.ones(len(scene.kind), bool)
        return np.isin(scene.kind, [AGENT_TYPES.index(name) for name in self.agent_types])

    def keeps(self, positions: np.ndarray, dt: float) -> np.ndarray:
        """Selects windows by their positions (n, steps, dim) in metres, bool (n,)."""
        kept: np.ndarray = np.isfinite(positions).all(axis=(1, 2))
        if self.min_displacement > 0:
            moved = np.linalg.norm(positions[:, -1] - positions[:, 0], axis=1)
            kept &= moved >= self.min_displacement
        if self.max_speed is not None:
            speed = np.linalg.norm(np.diff(positions, axis=1), axis=2) / dt
            kept &= (speed <= self.max_speed).all(axis=1)
        return kept


def window_starts(scene: SceneTracks, chosen: np.ndarray, steps: int, stride: int) -> np.ndarray:
    """Lists the first rows of all windows of the chosen agents, bool (agents,), agent by agent."""
    places = np.where(chosen, np.maximum(scene.steps - steps + 1, 0), 0)
    counts = -(-places // stride)
    return np.repeat(scene.first_row, counts) + stride * place_in_run(counts)


def cut(
    scene: SceneTracks, layout: WindowLayout, rules: WindowFilter, dt: float
) -> Iterator[Windows]:
    """Cuts the windows of a scene with steps of ``dt`` seconds, some thousands at a time.

    Yields:
        Inputs (n, layout.inputs) and targets (n, future * dim), float32: positions in metres
        relative to the agent's last observed one, velocities in metres per second. Positions are
        subtracted in the precision of the recordings. Targets after the end of a track are NaN.
        Third, the agent (n,) of the scene from whose track a window is.
    """
    starts = window_starts(scene, rules.agents(scene), rules.needed(layout), rules.stride)
    last_row = np.repeat(scene.first_row + scene.steps - 1, scene.steps)
    near = Neighbourhood(scene, layout.dim) if layout.neighbours else None
    positions = scene.position[:, : layout.dim]
    agent_of_row = scene.agent_of_row
    for low in range(0, len(starts), CHUNK):
        rows = starts[low : low + CHUNK, None] + np.arange(layout.steps)
        rows = rows[scene.step_of_row[rows[:, layout.history - 1]] % rules.recorded == 0]
        # A track that ends counts as standing there, for the filters.
        rows = rows[rules.keeps(positions[np.minimum(rows, last_row[rows[:, :1]])], dt)]
        if len(rows):
            inputs, targets = _windows_of_rows(scene, rows, layout, near, last_row[rows[:, :1]])
            yield inputs, targets, agent_of_row[rows[:, 0]]


def _windows_of_rows(
    scene: SceneTracks,
    rows: np.ndarray,
    layout: WindowLayout,
    near: Neighbourhood | None,
    last_row: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Assembles inputs and targets from rows (n, steps) of agents whose tracks end at (n, 1)."""
    observed, following = rows[:, : layout.history], rows[:, layout.history :]
    origin = scene.position[observed[:, -1], : layout.dim]
    observed, seen = observed[:, None], np.ones((len(rows), 1, layout.history), bool)
    if near is not None:
        others = near.nearest(observed[:, 0, -1], layout.neighbours)
        back, visible = near.histories(others, layout.history)
        # Axis 1 is the agent: the predicted one first, then its neighbours.
        observed = np.concatenate([observed, back], axis=1)
        seen = np.concatenate([seen, visible], axis=1)
    # Unseen steps have the row 0, which belongs to some other agent; they become 0 here.
    positions = scene.position[observed, : layout.dim] - origin[:, None, None]
    parts = [np.where(seen[..., None], positions, 0.0)]
    masks = [] if near is None else [seen]
    if layout.velocities:
        velocities = scene.velocity[observed, : layout.dim]
        known = seen & np.isfinite(velocities).all(axis=-1)
        parts.append(np.where(known[..., None], velocities, 0.0))
        masks.append(known)
    inputs = np.concatenate([_flat(part) for part in (*parts, *masks)], axis=1)
    paths = scene.position[np.minimum(following, last_row), : layout.dim] - origin[:, None]
    targets = _flat(np.where((following <= last_row)[..., None], paths, np.nan))
    return inputs, targets


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).astype(np.float32)
