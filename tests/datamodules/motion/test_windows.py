"""Windows compared with cutting them one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from track_samples import scene

from softsym.datamodules.motion import windows
from softsym.datamodules.motion.layout import WindowLayout
from softsym.datamodules.motion.windows import WindowFilter, cut, window_starts

LENGTHS = st.lists(st.integers(1, 9), min_size=1, max_size=5)


def all_of(one, layout, rules=None, dt=0.4):
    """Inputs and targets of all chunks."""
    parts = [part[:2] for part in cut(one, layout, rules or WindowFilter(), dt)]
    empty = [(np.zeros((0, layout.inputs)), np.zeros((0, layout.future * layout.dim)))]
    return tuple(np.concatenate(arrays) for arrays in zip(*(parts or empty), strict=True))


def one_by_one(one, steps, stride=1):
    """First row of each window."""
    return [
        first + start
        for first, count in zip(one.first_row, one.steps, strict=True)
        for start in range(0, count - steps + 1, stride)
    ]


@given(LENGTHS, st.integers(1, 5), st.integers(1, 3))
def test_starts_are_those_found_one_by_one(lengths, steps, stride):
    one = scene(lengths)
    actual = window_starts(one, np.ones(len(lengths), bool), steps, stride)
    assert actual.tolist() == one_by_one(one, steps, stride)


@given(LENGTHS, st.sampled_from([2, 3]), st.integers(1, 3), st.integers(1, 3))
def test_windows_are_centred_float32(lengths, dim, history, future):
    one = scene(lengths)
    layout = WindowLayout(history, future, dim)
    inputs, targets = all_of(one, layout)
    starts = one_by_one(one, history + future)
    assert len(inputs) == len(targets) == len(starts)
    for found_in, found_out, start in zip(inputs, targets, starts, strict=True):
        window = one.position[start : start + history + future, :dim]
        window = (window - window[history - 1]).astype(np.float32)
        np.testing.assert_array_equal(found_in, window[:history].ravel())
        np.testing.assert_array_equal(found_out, window[history:].ravel())


@given(LENGTHS, st.integers(1, 3))
def test_windows_know_their_agent(lengths, stride):
    one = scene(lengths)
    rules = WindowFilter(stride=stride)
    found = [agent for *_, agents in cut(one, WindowLayout(2, 1), rules, 0.4) for agent in agents]
    assert found == [int(one.agent_of_row[row]) for row in one_by_one(one, 3, stride)]


def test_subtracts_before_rounding():
    one = scene([3])
    one.position[:] = [[1e8, 0, 0], [1e8 + 0.25, 1, 0], [1e8 + 0.5, 3, 0]]
    inputs, targets = all_of(one, WindowLayout(2, 1))
    assert inputs.tolist() == [[-0.25, -1, 0, 0]]
    assert targets.tolist() == [[0.25, 2]]


def test_chunks_make_the_whole(monkeypatch):
    one, layout = scene([30, 40]), WindowLayout(3, 2, neighbours=1)
    whole = all_of(one, layout)
    monkeypatch.setattr(windows, "CHUNK", 7)
    for part, expected in zip(all_of(one, layout), whole, strict=True):
        np.testing.assert_array_equal(part, expected)


def test_parts_of_an_input_with_velocities_and_neighbours():
    one = scene([4, 2, 4], first=[0, 2, 5])  # the last is never seen with the others
    layout = WindowLayout(3, 1, 2, velocities=True, neighbours=2)
    inputs, _ = all_of(one, layout)
    assert inputs.shape == (2, layout.inputs)
    one.velocity[[0, 4]] = np.nan
    inputs, _ = all_of(one, layout)
    parts = np.split(inputs[0], [3 * 3 * 2, 2 * 3 * 3 * 2, 2 * 3 * 3 * 2 + 3 * 3])
    positions, velocities, seen, known = parts
    positions, velocities = positions.reshape(3, 3, 2), velocities.reshape(3, 3, 2)
    assert seen.reshape(3, 3).tolist() == [[1, 1, 1], [0, 0, 1], [0, 0, 0]]
    origin = one.position[2, :2]
    np.testing.assert_allclose(positions[0], one.position[:3, :2] - origin, atol=1e-6)
    assert known.reshape(3, 3).tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(velocities[0, 1:], one.velocity[1:3, :2], atol=1e-6)
    assert not velocities[0, 0].any()
    np.testing.assert_allclose(positions[1, 2], one.position[4, :2] - origin, atol=1e-6)
    assert not velocities[1].any()
    assert not positions[1, :2].any()
    assert not positions[2].any()
    assert not velocities[2].any()


def test_kinds_that_are_predicted_may_have_any_neighbours():
    one = scene([2, 2], kinds=[1, 2])
    inputs, _ = all_of(one, WindowLayout(1, 1, neighbours=1), WindowFilter(("pedestrian",)))
    assert len(inputs) == 1
    assert inputs[0, -1] == 1  # the vehicle is seen


def test_filters():
    one = scene([3, 3, 3])
    one.position[:] = 0.0
    one.position[3:6, 0] = [0, 1, 2]
    one.position[6:9, 0] = [0, 40, 1]
    layout = WindowLayout(2, 1)

    def ends(**settings):
        return all_of(one, layout, WindowFilter(**settings), dt=0.5)[1][:, 0].tolist()

    assert ends() == [0, 1, -39]
    assert ends(min_displacement=1.5) == [1]
    assert ends(min_displacement=0.5) == [1, -39]
    assert ends(max_speed=2.0) == [0, 1]
    one.position[4] = np.nan
    assert ends() == [0, -39]


def test_no_window_fits():
    assert list(cut(scene([2, 1]), WindowLayout(2, 1), WindowFilter(), 0.1)) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"agent_types": ("dog",)}, r"agent_types is \['dog'\]; each must be one of unknown, vehi"),
        ({"agent_types": ()}, r"agent_types is \[\]"),
        (
            {"min_displacement": -1},
            r"min_displacement must be a finite number of at least 0; got -1",
        ),
        ({"max_speed": 0}, r"max_speed must be a finite number above 0 or null; got 0"),
        (
            {"max_speed": float("nan")},
            r"max_speed must be a finite number above 0 or null; got nan",
        ),
        (
            {"min_displacement": float("nan")},
            r"min_displacement must be a finite number of at least 0; got nan",
        ),
        ({"stride": 0}, r"stride must be a whole number of at least 1; got 0"),
    ],
)
def test_bad_filters(settings, message):
    with pytest.raises(ValueError, match=message):
        WindowFilter(**settings)


def test_futures_that_end_early():
    one, layout = scene([5, 3, 2]), WindowLayout(2, 3)
    assert len(all_of(one, layout)[0]) == 1
    inputs, targets = all_of(one, layout, WindowFilter(least_future=1))
    assert len(inputs) == 3 + 1
    seen = np.isfinite(targets.reshape(-1, 3, 2)).all(axis=-1)
    assert seen.tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]]
    assert np.isfinite(inputs).all()
    whole = all_of(one, layout)
    np.testing.assert_array_equal(inputs[0], whole[0][0])
    np.testing.assert_array_equal(targets[0], whole[1][0])
    np.testing.assert_allclose(targets[3, :2], one.position[7, :2] - one.position[6, :2], atol=1e-6)
    assert len(all_of(one, layout, WindowFilter(least_future=2))[0]) == 2


def test_filters_see_what_was_observed_of_the_future():
    one, layout = scene([3]), WindowLayout(2, 5)
    one.position[:, 0], one.position[:, 1:] = [0, 1, 2], 0
    for settings, count in (({"min_displacement": 1.5}, 1), ({"min_displacement": 2.5}, 0)):
        assert (
            sum(len(x) for x, *_ in cut(one, layout, WindowFilter(least_future=1, **settings), 1.0))
            == count
        )
