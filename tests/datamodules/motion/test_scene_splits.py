"""Random splits of scenes: by seed, disjoint, none empty."""

import logging

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from track_samples import scene

from softsym.datamodules.motion.scene_splits import random_split, scenes_by_part
from softsym.datamodules.motion.tracks import cached_tracks

OWN = {"train": "train", "val": "train", "test": "val"}


def store(folder, splits):
    scenes = [scene([5, 4 + i, 6], split=split, seed=i) for i, split in enumerate(splits)]
    return cached_tracks(folder, "env", "k", ["train", "val"], lambda _: iter(scenes)), scenes


def test_own_splits_and_dealt_ones(tmp_path, caplog):
    tracks, scenes = store(tmp_path, ["train"] * 6 + ["val"] * 2)
    with caplog.at_level(logging.WARNING):
        actual = {part: list(some) for part, some in scenes_by_part(tracks, OWN, 0).items()}
    assert {part: len(some) for part, some in actual.items()} == {"train": 5, "val": 1, "test": 2}
    second = sorted(int(s.steps[1]) for some in actual.values() for s in some)
    assert second == [int(s.steps[1]) for s in scenes]
    assert not caplog.records


def test_agents_are_dealt_where_scenes_are_too_few(tmp_path, caplog):
    tracks, (only, _) = store(tmp_path, ["train", "val"])
    actual = {part: list(some) for part, some in scenes_by_part(tracks, OWN, 0).items()}
    assert "There are 1 scene(s) of 'train' for train, val: their agents" in caplog.text
    (train,), (val,) = actual["train"], actual["val"]
    steps = np.concatenate([train.steps, val.steps])
    assert sorted(steps) == sorted(only.steps)
    assert len(train.position) + len(val.position) == len(only.position)


@given(st.integers(3, 40), st.integers(0, 5))
def test_dealing_gives_everybody_something_once(count, seed):
    scenes = list(range(100, 100 + count))
    hands = random_split(scenes, (0.7, 0.15, 0.15), seed)
    assert sorted(number for hand in hands for number in hand) == scenes
    assert all(hands)
    assert hands == random_split(scenes, (0.7, 0.15, 0.15), seed)
    assert abs(len(hands[0]) - 0.7 * count) <= 1.5


def test_dealing_depends_on_the_seed_and_one_takes_all():
    assert random_split(range(20), (1, 1), 0) != random_split(range(20), (1, 1), 1)
    assert random_split([4, 2, 9], (0.7,), 0) == [[2, 4, 9]]
