"""Nearest agents compared with a search one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from track_samples import scene

from softsym.datamodules.motion.neighbours import NOBODY, Neighbourhood

TRACKS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=6)


def by_hand(tracks, near, row, count):
    """Rows of the nearest others at the step of a row, by looking at all rows."""
    others = [
        (float(np.linalg.norm(near.position[r] - near.position[row])), r)
        for r in range(len(near.first_row))
        if near.step[r] == near.step[row] and near.first_row[r] != near.first_row[row]
    ]
    actual = [r for _, r in sorted(others)][:count]
    return actual + [NOBODY] * (count - len(actual))


@given(TRACKS, st.integers(1, 4), st.sampled_from([2, 3]), st.integers(0, 5))
def test_nearest_are_those_found_one_by_one(tracks, count, dim, seed):
    first, lengths = zip(*tracks, strict=True)
    near = Neighbourhood(scene(lengths, first=first, seed=seed), dim)
    rows = np.random.default_rng(seed).permutation(len(near.first_row))
    expected = [by_hand(tracks, near, row, count) for row in rows]
    np.testing.assert_array_equal(near.nearest(rows, count), expected)


@given(TRACKS, st.integers(1, 5))
def test_histories_end_now_and_do_not_leave_the_track(tracks, history):
    first, lengths = zip(*tracks, strict=True)
    near = Neighbourhood(scene(lengths, first=first), 2)
    rows = np.arange(len(near.first_row))
    back, seen = near.histories(rows, history)
    np.testing.assert_array_equal(back[:, -1], rows)
    assert seen[:, -1].all()
    for row in rows:
        of_row = back[row][seen[row]]
        assert set(near.first_row[of_row]) == {near.first_row[row]}
        np.testing.assert_array_equal(of_row, np.arange(row - len(of_row) + 1, row + 1))
        assert len(of_row) == min(history, row - near.first_row[row] + 1)
        assert not back[row][~seen[row]].any()


def test_nobody_has_no_history():
    near = Neighbourhood(scene([3]), 2)
    _, seen = near.histories(np.array([[NOBODY, 2]]), 2)
    assert seen.tolist() == [[[False, False], [True, True]]]


def test_who_stands_where_nothing_is_known_is_nobodys_neighbour():
    one = scene([2, 2, 2])
    one.position[4] = np.nan
    near = Neighbourhood(one, 2)
    assert near.nearest(np.array([0]), 2).tolist() == [[2, NOBODY]]
    _, seen = near.histories(np.array([5]), 2)
    assert seen.tolist() == [[False, True]]


def test_two_in_the_same_place_are_neighbours():
    one = scene([1, 1])
    one.position[:] = 0.0
    assert Neighbourhood(one, 2).nearest(np.array([0, 1]), 1).tolist() == [[1], [0]]


def test_nobody_asked():
    assert Neighbourhood(scene([3]), 2).nearest(np.zeros(0, np.int64), 2).shape == (0, 2)
