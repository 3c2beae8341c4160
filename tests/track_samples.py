"""Scenes that the tests of trajectories share."""

from __future__ import annotations

import numpy as np

from softsym.datamodules.motion.tracks import SceneTracks


def scene(lengths, first=None, kinds=None, split="train", seed=0) -> SceneTracks:
    """Agents seen for ``lengths`` steps from step ``first`` on, at random places in space."""
    draw = np.random.default_rng(seed)
    steps = np.array(lengths, np.int64)
    rows = int(steps.sum())
    return SceneTracks(
        split,
        np.zeros(len(steps), np.int64) if first is None else np.array(first),
        steps,
        np.ones(len(steps), np.int64) if kinds is None else np.array(kinds),
        draw.standard_normal((rows, 3)).cumsum(axis=0),
        draw.standard_normal((rows, 3)),
    )
