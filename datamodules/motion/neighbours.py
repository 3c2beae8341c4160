"""Which agents are nearest at a moment, and where they were before."""

from __future__ import annotations

import numpy as np

from softsym.datamodules.motion.tracks import SceneTracks

NOBODY = -1


class Neighbourhood:
    """Answers who is near whom in one scene.

    Args:
        scene: The scene.
        dim: Coordinates that count as distance and are given.
    """

    def __init__(self, scene: SceneTracks, dim: int) -> None:
        self.position = scene.position[:, :dim]
        self.velocity = scene.velocity[:, :dim]
        self.agent = np.repeat(np.arange(len(scene.steps)), scene.steps)
        self.first_row = scene.first_row[self.agent]
        self.step = scene.first_step[self.agent] + np.arange(len(self.agent)) - self.first_row
        order = np.argsort(self.step, kind="stable")
        bounds = np.flatnonzero(np.diff(self.step[order])) + 1
        together = np.split(order, bounds) if len(order) else []
        self._at_step = {int(self.step[rows[0]]): rows for rows in together}

    def nearest(self, now: np.ndarray, count: int) -> np.ndarray:
        """The agents nearest to some at the same step, the nearest first.

        Args:
            now: (n,) rows.
            count: How many are wanted.

        Returns:
            (n, count) rows of others at the same step, :data:`NOBODY` where there are fewer. Of
            agents at the same distance the one with the smaller row comes first.
        """
        found = np.full((len(now), count), NOBODY)
        order = np.argsort(self.step[now], kind="stable")
        bounds = np.flatnonzero(np.diff(self.step[now[order]])) + 1
        for chosen in np.split(order, bounds) if len(now) else []:
            present = self._at_step[int(self.step[now[chosen[0]]])]
            found[chosen] = self._nearest_of(now[chosen], present, count)
        return found

    def _nearest_of(self, now: np.ndarray, present: np.ndarray, count: int) -> np.ndarray:
        apart = self.position[now][:, None] - self.position[present][None]
        distance = np.einsum("apc,apc->ap", apart, apart)
        distance[now[:, None] == present[None]] = np.inf  # oneself
        distance = np.where(np.isnan(distance), np.inf, distance)
        order = np.argsort(distance, axis=1, kind="stable")[:, :count]
        there = np.isfinite(np.take_along_axis(distance, order, axis=1))
        found = np.full((len(now), count), NOBODY)
        found[:, : order.shape[1]] = np.where(there, present[order], NOBODY)
        return found

    def histories(self, rows: np.ndarray, history: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows of the steps up to now, and which of them were observed.

        Args:
            rows: (...) rows at the step now, :data:`NOBODY` for none.
            history: Steps, the last of them now.

        Returns:
            Rows (..., history), oldest first, 0 where not observed, and bool of the same shape.
        """
        back = rows[..., None] - np.arange(history)[::-1]
        seen = (rows[..., None] != NOBODY) & (back >= self.first_row[rows][..., None])
        back = np.where(seen, back, 0)
        return back, seen & np.isfinite(self.position[back]).all(axis=-1)
