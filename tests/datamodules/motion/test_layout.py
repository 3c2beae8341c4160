"""Sizes and types of windows, and times converted to steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softsym.datamodules.motion.layout import WindowLayout, steps, window_layout
from softsym.symmetries import rep


@given(
    st.integers(1, 9), st.integers(1, 9), st.sampled_from([2, 3]), st.booleans(), st.integers(0, 4)
)
def test_types_have_the_sizes(history, future, dim, velocities, neighbours):
    layout = WindowLayout(history, future, dim, velocities, neighbours)
    assert rep(layout.rep_in).size(dim) == layout.inputs == layout.path + layout.extra
    assert rep(layout.rep_out).size(dim) == future * dim
    assert layout.path == history * dim


def test_types_in_words():
    assert WindowLayout(8, 12).rep_in == "8T1"
    assert WindowLayout(8, 12, velocities=True).rep_in == "16T1 + 8T0"
    assert WindowLayout(8, 12, neighbours=2).rep_in == "24T1 + 24T0"
    assert WindowLayout(8, 12, velocities=True, neighbours=1).rep_in == "32T1 + 32T0"
    assert WindowLayout(8, 12).rep_out == "12T1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"history": 0}, "at least 1 observed and 1 predicted step; got 0 and 12"),
        ({"future": 0}, "got 8 and 0"),
        ({"dim": 4}, r"datamodule\.coordinates must be 2 or 3; got 4"),
        (
            {"neighbours": -1},
            r"neighbours must be a whole number from 0 to 1000; got -1",
        ),
        ({"neighbours": 1.5}, r"a whole number from 0 to 1000; got 1\.5"),
    ],
)
def test_bad_layouts(settings, message):
    with pytest.raises(ValueError, match=message):
        WindowLayout(**{"history": 8, "future": 12} | settings)


def test_seconds_become_steps():
    assert (steps(2.8, 0.4, "x"), steps(4.8, 0.4, "x"), steps(0, 0.1, "x")) == (7, 12, 0)
    assert steps(0.3, 0.1, "x") == 3  # 0.3 / 0.1 is less than 3
    assert window_layout(2.8, 4.8, 0.4) == WindowLayout(8, 12)


@pytest.mark.parametrize("seconds", [2.7, 0.39])
def test_times_between_steps_are_refused(seconds):
    with pytest.raises(ValueError, match=r"history_sec is .* not a whole number of steps of 0\.4"):
        steps(seconds, 0.4, "history_sec")


@pytest.mark.parametrize("seconds", [-0.4, float("nan"), float("inf"), "long"])
def test_no_times(seconds):
    with pytest.raises(
        ValueError, match=r"datamodule\.future_sec must be a finite number of at least 0"
    ):
        steps(seconds, 0.4, "future_sec")


@pytest.mark.parametrize("dt", [0, -1, "fast", float("inf")])
def test_bad_dt(dt):
    with pytest.raises(ValueError, match=r"datamodule\.dt must be a finite number above 0"):
        window_layout(2.8, 4.8, dt)
