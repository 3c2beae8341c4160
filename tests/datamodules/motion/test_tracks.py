"""Tracks as arrays: runs, thinning, and the store."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from track_samples import scene

from softsym.datamodules.motion.tracks import (
    SceneTracks,
    cached_tracks,
    gapless_runs,
    thinned,
)


def assert_same(one, other):
    assert one.split == other.split
    for name in ("first_step", "steps", "kind", "position", "velocity"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_store_gives_back_the_scenes(tmp_path):
    scenes = [
        scene([3, 5], first=[0, 7]),
        scene([], split="val"),
        scene([4], split="val", seed=1),
    ]

    def read(scratch: Path):
        assert scratch.is_dir()
        return iter(scenes)

    store = cached_tracks(tmp_path, "env", "k", ["train", "val"], read)
    assert len(store) == 3
    for index, expected in enumerate(scenes):
        assert_same(store[index], expected)
    assert [store.split_of(index) for index in range(3)] == ["train", "val", "val"]
    with pytest.raises(IndexError):
        store[3]

    def never(_):
        raise AssertionError("read again")

    assert_same(cached_tracks(tmp_path, "env", "k", ["train", "val"], never)[2], scenes[2])


def test_first_rows():
    np.testing.assert_array_equal(scene([3, 1, 4]).first_row, [0, 3, 4])


def test_some_agents_only():
    whole = scene([3, 1, 4], kinds=[1, 2, 3])
    part = whole.of_agents(np.array([True, False, True]))
    np.testing.assert_array_equal(part.steps, [3, 4])
    np.testing.assert_array_equal(part.kind, [1, 3])
    np.testing.assert_array_equal(part.position, whole.position[[0, 1, 2, 4, 5, 6, 7]])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8)), unique=True, max_size=20))
def test_runs_are_the_tracks_without_gaps(rows):
    rows = np.array(sorted(rows), np.int64).reshape(-1, 2)
    first, count = gapless_runs(rows[:, 0], rows[:, 1])
    assert count.sum() == len(rows)
    np.testing.assert_array_equal(first, np.cumsum(count) - count)
    for start, steps in zip(first, count, strict=True):
        run = rows[start : start + steps]
        assert len(set(run[:, 0])) == 1
        np.testing.assert_array_equal(np.diff(run[:, 1]), 1)
        if start:
            before, now = rows[start - 1], run[0]
            assert before[0] != now[0] or now[1] - before[1] > 1


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9)), min_size=1, max_size=5),
    st.integers(1, 4),
)
def test_thinning_keeps_every_so_many_steps(tracks, factor):
    first, lengths = zip(*tracks, strict=True)
    whole = scene(lengths, first=first)
    thin = thinned(whole, factor)
    expected, row = [], 0
    for start, steps in tracks:
        for step in range(start, start + steps):
            if step % factor == 0:
                expected.append((step // factor, row))
            row += 1
    actual = np.concatenate(
        [np.arange(s, s + n) for s, n in zip(thin.first_step, thin.steps, strict=True)]
        or [np.zeros(0)]
    )
    np.testing.assert_array_equal(actual, [step for step, _ in expected])
    rows = [row for _, row in expected]
    np.testing.assert_array_equal(thin.position, whole.position[rows].reshape(-1, 3))
    assert isinstance(thin, SceneTracks)
    assert (thin.steps > 0).all()
