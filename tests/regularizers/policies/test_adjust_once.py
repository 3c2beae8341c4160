"""The policy of the paper, on numbers worked by hand."""

import pytest
from compliance.policies import PolicySuite

from softsym.regularizers import AdjustOnce

EQUAL = {"xy": 100.0, "yz": 100.0, "xz": 100.0}


class TestInTheWindow(PolicySuite):
    def make(self):
        return AdjustOnce(epoch=8, exponent=2.0, window=5)


class TestWindowLongerThanTheTraining(PolicySuite):
    def make(self):
        return AdjustOnce(epoch=4, exponent=0.5)


class TestGrowth(PolicySuite):
    def make(self):
        return AdjustOnce(epoch=8, exponent=2.0, window=5, growth=1000.0, relative=True)


def adjusted(policy, *epochs, strengths=EQUAL):
    """Strengths after penalties (first epoch number, vectors of penalties)."""
    first, vectors = epochs[0], epochs[1:]
    for number, vector in enumerate(vectors):
        after = policy.update(first + number, dict(zip(strengths, vector, strict=True)), strengths)
    return after


def test_the_formula():
    policy = AdjustOnce(epoch=1, exponent=2.0)
    assert adjusted(policy, 1, (0.1, 0.2, 0.4)) == pytest.approx(
        {"xy": 100.0, "yz": 25.0, "xz": 6.25}
    )
    assert (policy.settled_epoch, policy.adjusted_epoch) == (2, 1)


@pytest.mark.parametrize(("exponent", "expected"), [(0, 100.0), (1, 50.0), (5, 100 / 32)])
def test_the_exponent(exponent, expected):
    assert adjusted(AdjustOnce(1, exponent), 1, (1, 2, 2))["yz"] == pytest.approx(expected)


def test_nothing_before_and_nothing_after():
    policy = AdjustOnce(epoch=3, exponent=1.0)
    assert adjusted(policy, 1, (1, 2, 4), (1, 2, 4)) == EQUAL
    assert policy.adjusted_epoch is None
    changed = adjusted(policy, 3, (1, 2, 4))
    assert changed != EQUAL
    assert adjusted(policy, 4, (1, 9, 9), strengths=changed) == changed


def kept_ratio(*vectors, epoch=100, window=50, first=51):
    """Which vector decided, seen by the strengths it leads to with exponent 1."""
    policy = AdjustOnce(epoch=epoch, exponent=1.0, window=window)
    after = adjusted(policy, first, *vectors, strengths={"a": 1.0, "b": 1.0})
    return 1 / after["a"], 1 / after["b"]


@pytest.mark.parametrize(
    ("vectors", "deciding"),
    [
        ([(1, 3), (3, 3), (3, 3)], (1, 3)),  # none improved: the first stays
        ([(1, 3), (5, 2), (6, 6)], (5, 2)),  # one improved: the latest, though the other is worse
        ([(1, 3), (5, 2), (4, 9)], (4, 9)),  # compared with the kept, not with the best ever
        ([(1, 3), (1, 3), (1, 2)], (1, 2)),
        ([(2, 3), (1, 4), (1, 4)], (1, 4)),  # equal is no improvement
        ([(9, 9), (8, 7), (1, 6)], (1, 6)),  # the epoch of the adjustment counts as well
    ],
)
def test_keeps_the_latest_vector_in_which_any_group_improved_on_the_kept(vectors, deciding):
    after = kept_ratio(*vectors, first=98)
    smallest = min(deciding)
    assert after == pytest.approx(tuple(value / smallest for value in deciding))


def test_only_the_window_is_watched():
    before = [(0.001, 1.0)] * 50
    inside = [(1.0, 4.0)] * 50
    assert kept_ratio(*before, *inside, first=1) == pytest.approx((1, 4))
    one_more = [*before[:49], (0.5, 9.0), *inside]  # epoch 50 is the last one not watched
    assert kept_ratio(*one_more, first=1) == pytest.approx((1, 4))
    first_of_window = [*before, (0.5, 9.0), *[(1.0, 9.5)] * 49]
    assert kept_ratio(*first_of_window, first=1) == pytest.approx((1, 18))


def test_strength_zero_takes_no_part():
    strengths = {"xy": 100.0, "watched": 0.0, "yz": 100.0}
    after = adjusted(AdjustOnce(1, 2.0), 1, (0.2, 0.001, 0.4), strengths=strengths)
    assert after == pytest.approx({"xy": 100.0, "watched": 0.0, "yz": 25.0})


def test_an_improvement_of_a_watched_symmetry_does_not_count():
    strengths = {"a": 1.0, "b": 1.0, "watched": 0.0}
    policy = AdjustOnce(2, 1.0)
    after = adjusted(policy, 1, (1, 2, 5), (2, 8, 1), strengths=strengths)
    assert after == pytest.approx({"a": 1.0, "b": 0.5, "watched": 0.0})


def test_all_watched_or_exactly_equivariant_divides_by_nothing():
    nothing = {"a": 0.0, "b": 0.0}
    assert adjusted(AdjustOnce(1, 2.0), 1, (0.1, 0.2), strengths=nothing) == nothing
    assert adjusted(AdjustOnce(1, 2.0), 1, (0.0, 0.0, 0.0)) == EQUAL
    after = adjusted(AdjustOnce(1, 2.0), 1, (0.0, 1.0, 1.0))
    assert after["xy"] == 100.0
    assert 0 <= after["yz"] < 1e-50


@pytest.mark.parametrize(
    "arguments", [{"epoch": 0}, {"epoch": 5, "window": 0}, {"epoch": 5, "exponent": -1.0}]
)
def test_bad_arguments(arguments):
    with pytest.raises(ValueError, match=r"must be a (whole )?number of at least [01]; got"):
        AdjustOnce(**{"exponent": 1.0, **arguments})


START = {"xy": 1e-3, "yz": 1e-3, "o3": 0.0}


def strengths_of(policy, epochs, penalties):
    """Strengths after each epoch under these penalties."""
    history, strengths = [], dict(START)
    for epoch in range(1, epochs + 1):
        strengths = policy.update(epoch, penalties, strengths)
        history.append(strengths)
    return history


def test_grows_evenly_on_a_log_axis_and_then_adjusts():
    policy = AdjustOnce(3, 2.0, growth=1000.0)
    history = strengths_of(policy, 5, {"xy": 1.0, "yz": 2.0, "o3": 3.0})
    assert [s["xy"] for s in history] == pytest.approx([1e-2, 1e-1, 1.0, 1.0, 1.0])
    assert [s["yz"] for s in history] == pytest.approx([1e-2, 1e-1, 0.25, 0.25, 0.25])
    assert {s["o3"] for s in history} == {0.0}  # only watched
    assert (policy.adjusted_epoch, policy.settled_epoch) == (3, 3)


def test_relative_to_the_penalties_of_the_first_epoch():
    policy, strengths = AdjustOnce(2, 2.0, relative=True), dict(START)
    policy.update(1, {"xy": 40.0, "yz": 10.0, "o3": 50.0}, strengths)
    after = policy.update(2, {"xy": 4.0, "yz": 2.0, "o3": 5.0}, strengths)
    # shares 0.1 and 0.2: the larger penalty is the smaller part of what its group forbids
    assert after == pytest.approx({"xy": 1e-3, "yz": 0.25e-3, "o3": 0.0})


def test_a_group_that_forbids_nothing_at_the_start():
    policy = AdjustOnce(2, 1.0, relative=True)
    for epoch in (1, 2):
        after = policy.update(epoch, {"xy": 0.0, "yz": 1.0, "o3": 1.0}, START)
    assert after["xy"] == START["xy"]


@pytest.mark.parametrize("growth", [0.0, -1.0, float("inf"), float("nan")])
def test_a_growth_that_is_none(growth):
    with pytest.raises(ValueError, match="growth must be a finite number above 0"):
        AdjustOnce(4, 1.0, growth=growth)
