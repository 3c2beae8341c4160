"""Splits scenes into train, val and test by the environment's own splits, or at random."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from softsym.datamodules.motion.tracks import SceneTracks, TrackStore

log = logging.getLogger(__name__)

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
"""Shares of the scenes when several of our splits come from one of the environment's."""


def scenes_by_part(
    store: TrackStore, parts: Mapping[str, str], seed: int
) -> dict[str, Iterable[SceneTracks]]:
    """Returns the scenes of each of our splits, given ``parts``: ours -> the environment's own."""
    scenes: dict[str, Iterable[SceneTracks]] = {}
    for own in dict.fromkeys(parts.values()):
        sharing = {part: SHARES[part] for part in parts if parts[part] == own}
        indices = [index for index in range(len(store)) if store.split_of(index) == own]
        if len(indices) < len(sharing):
            scenes |= _split_agents([store[index] for index in indices], own, sharing, seed)
            continue
        shares = random_split(indices, list(sharing.values()), seed)
        for part, share in zip(sharing, shares, strict=True):
            scenes[part] = map(store.__getitem__, share)
    return {part: scenes[part] for part in parts}


def _split_agents(
    scenes: Sequence[SceneTracks], own: str, sharing: Mapping[str, float], seed: int
) -> dict[str, list[SceneTracks]]:
    """Splits the agents of each scene, for environments with fewer scenes than splits."""
    log.warning(
        "There are %d scene(s) of %r for %s: their agents are split instead, who saw each other. "
        "Good for a try, not for a result.",
        len(scenes),
        own,
        ", ".join(sharing),
    )
    split: dict[str, list[SceneTracks]] = {part: [] for part in sharing}
    for scene in scenes:
        agents = range(len(scene.steps))
        shares = random_split(agents, list(sharing.values()), seed)
        for part, share in zip(sharing, shares, strict=True):
            split[part].append(scene.of_agents(np.isin(agents, share)))
    return split


def random_split(items: Sequence[int], shares: Sequence[float], seed: int) -> list[list[int]]:
    """Splits items at random into parts of the given shares, at least one item each if possible."""
    order = np.random.default_rng(seed).permutation(len(items))
    ends = np.rint(np.cumsum(shares) / np.sum(shares) * len(items)).astype(int)
    for part in range(len(ends)):
        least = (ends[part - 1] if part else 0) + 1
        most = len(items) - (len(ends) - 1 - part)  # leaves one for each following part
        ends[part] = max(min(max(ends[part], least), most), 0)
    return [sorted(items[int(i)] for i in part) for part in np.split(order, ends[:-1])]
