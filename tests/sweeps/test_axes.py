"""Axes for numbers of any size, and words."""

import doctest

import pytest

from softsym.sweeps import axes
from softsym.sweeps.axes import axis_of, round_numbers


def test_words_and_truths_stand_at_equal_distances():
    axis = axis_of(["b", None, True, "b"])
    assert (axis.places, axis.texts) == ([0, 1, 2, 0], ["b", "None", "True"])


def test_many_numbers_stand_on_a_scale():
    assert axis_of([1, 2, 3, 4, 5]).places == [1, 2, 3, 4, 5]
    logarithmic = axis_of([0.01, 0.1, 1.0, 10.0, 100.0])
    assert logarithmic.places == pytest.approx([-2, -1, 0, 1, 2])
    assert logarithmic.texts == ["0.01", "0.1", "1", "10", "100"]
    assert axis_of([0, 1, 5, 50, 500]).ticks is None


def test_labels_from_end_to_end():
    axis = axis_of([2.0, 3.0, 5.0, 7.0, 32.0], to_the_ends=True)
    assert axis.texts == ["2", "4", "8", "16", "32"]


@pytest.mark.parametrize(("low", "high"), [(1e-9, 1e9), (0.11, 0.4), (5e-4, 1e-2), (3, 3.5)])
def test_round_numbers_lie_within(low, high):
    assert all(0.99 * low <= mark <= 1.01 * high for mark in round_numbers(low, high))


def test_examples():
    assert doctest.testmod(axes) == (0, 2)
