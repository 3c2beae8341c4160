"""Which scenes train, validate and test: the environment's own splits, or scenes dealt out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from softsym.datamodules.motion.tracks import SceneTracks, TrackStore, scene_indices

log = logging.getLogger(__name__)

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}
"""How scenes are dealt out where several of our splits come from one of the environment's."""


def scenes_by_part(
    store: TrackStore, parts: Mapping[str, str], seed: int
) -> dict[str, Iterable[SceneTracks]]:
    """The scenes of each of our splits.

    Args:
        store: All scenes.
        parts: Our splits -> the environment's own.
        seed: Seed of the dealing.

    Returns:
        The scenes by split, in the order of ``parts``.
    """
    found: dict[str, Iterable[SceneTracks]] = {}
    for own in dict.fromkeys(parts.values()):
        sharing = [part for part in parts if parts[part] == own]
        scenes = list(scene_indices(store, own))
        shares = [SHARES[part] for part in sharing]
        if len(scenes) < len(sharing):
            found |= _agents_dealt([store[i] for i in scenes], own, sharing, seed)
            continue
        hands = dealt(scenes, shares, seed)
        for part, hand in zip(sharing, hands, strict=True):
            found[part] = map(store.__getitem__, hand)
    return {part: found[part] for part in parts}


def _agents_dealt(
    scenes: Sequence[SceneTracks], own: str, sharing: Sequence[str], seed: int
) -> dict[str, list[SceneTracks]]:
    """Deals out agents, where there are fewer scenes than splits."""
    log.warning(
        "There are %d scene(s) of %r for %s: their agents are dealt out instead, who saw each "
        "other. Good for a try, not for a result.",
        len(scenes),
        own,
        ", ".join(sharing),
    )
    found: dict[str, list[SceneTracks]] = {part: [] for part in sharing}
    for scene in scenes:
        agents = range(len(scene.steps))
        hands = dealt(agents, [SHARES[part] for part in sharing], seed)
        for part, hand in zip(sharing, hands, strict=True):
            found[part].append(scene.of_agents(np.isin(agents, hand)))
    return found


def dealt(items: Sequence[int], shares: Sequence[float], seed: int) -> list[list[int]]:
    """Deals items out at random.

    Args:
        items: Any numbers.
        shares: Relative size of each hand.
        seed: Same seed, same hands.

    Returns:
        The items of each hand in order, at least one in each where there are enough.
    """
    order = np.random.default_rng(seed).permutation(len(items))
    ends = np.rint(np.cumsum(shares) / np.sum(shares) * len(items)).astype(int)
    for hand in range(len(ends)):
        least = (ends[hand - 1] if hand else 0) + 1
        most = len(items) - (len(ends) - 1 - hand)  # leaves one for each that follows
        ends[hand] = max(min(max(ends[hand], least), most), 0)
    return [sorted(items[int(i)] for i in hand) for hand in np.split(order, ends[:-1])]
