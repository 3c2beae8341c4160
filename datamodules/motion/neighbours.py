"""The nearest agents at a moment, and their history."""

from __future__ import annotations

import numpy as np

from softsym.datamodules.motion.tracks import SceneTracks

NOBODY = -1
"""Row of a neighbour that does not exist."""


class Neighbourhood:
    """Finds neighbours within one scene, by distances in the first ``dim`` coordinates."""

    def __init__(self, scene: SceneTracks, dim: int) -> None:
        self.position = scene.position[:, :dim]
        self.first_row = np.repeat(scene.first_row, scene.steps)
        self.step = scene.step_of_row
        self._at_step = {int(self.step[rows[0]]): rows for rows in _grouped_by(self.step)}

    def nearest(self, now: np.ndarray, count: int) -> np.ndarray:
        """Finds the ``count`` agents nearest to the rows ``now`` (n,) at the same step.

        Returns rows (n, count), the nearest first, the smaller row first at the same distance, and
        :data:`NOBODY` where there are fewer.
        """
        neighbours = np.full((len(now), count), NOBODY)
        for chosen in _grouped_by(self.step[now]):  # one distance matrix per step
            present = self._at_step[int(self.step[now[chosen[0]]])]
            neighbours[chosen] = self._nearest_present(now[chosen], present, count)
        return neighbours

    def _nearest_present(self, now: np.ndarray, present: np.ndarray, count: int) -> np.ndarray:
        apart = self.position[now][:, None] - self.position[present][None]
        distance = np.einsum("apc,apc->ap", apart, apart)
        distance[now[:, None] == present[None]] = np.inf  # nobody is a neighbour of itself
        distance = np.where(np.isnan(distance), np.inf, distance)
        order = np.argsort(distance, axis=1, kind="stable")[:, :count]
        exists = np.isfinite(np.take_along_axis(distance, order, axis=1))
        neighbours = np.full((len(now), count), NOBODY)
        neighbours[:, : order.shape[1]] = np.where(exists, present[order], NOBODY)
        return neighbours

    def histories(self, rows: np.ndarray, history: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the rows of the ``history`` steps up to now, and which of them were observed.

        Takes the rows (...) of now, :data:`NOBODY` for none. Returns rows (..., history), oldest
        first, 0 where not observed, and bool of the same shape.
        """
        back = rows[..., None] - np.arange(history)[::-1]
        # Rows of a track are consecutive, so going back in time is going back in rows.
        seen = (rows[..., None] != NOBODY) & (back >= self.first_row[rows][..., None])
        back = np.where(seen, back, 0)
        return back, seen & np.isfinite(self.position[back]).all(axis=-1)


def _grouped_by(steps: np.ndarray) -> list[np.ndarray]:
    """Groups the indices of equal steps; within a group they ascend."""
    if not len(steps):
        return []
    order = np.argsort(steps, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(steps[order])) + 1)
