"""Which windows of motion depend on each other: those of one scene, or at least of one track."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

ENOUGH_SCENES = 20
"""Least number of scenes in every split for scenes to be the clusters.

Errors over fewer clusters are themselves too uncertain to be worth much.
"""


def has_enough_scenes(scenes: Mapping[str, np.ndarray]) -> bool:
    """Tells whether scenes can be the clusters, given the scene (n,) of each window by split.

    Agents of one scene see each other, so scenes are the safer clusters wherever there are enough.

    Example:
        >>> has_enough_scenes({"val": np.arange(20).repeat(3), "test": np.arange(30)})
        True
        >>> has_enough_scenes({"val": np.zeros(1000), "test": np.arange(30)})
        False
    """
    return min(len(np.unique(scene)) for scene in scenes.values()) >= ENOUGH_SCENES
