"""Strengths that grow, and are then adjusted as in the paper."""

import pytest
from compliance.policies import PolicySuite

from softsym.regularizers import AdjustOnce, GrowThenAdjust

START = {"xy": 1e-3, "yz": 1e-3, "o3": 0.0}


class TestGrowth(PolicySuite):
    def make(self):
        return GrowThenAdjust(epoch=8, exponent=2.0, growth=1000.0, window=5)


def strengths_of(policy, epochs, penalties):
    """Strengths after each epoch under these penalties."""
    history, strengths = [], dict(START)
    for epoch in range(1, epochs + 1):
        strengths = policy.update(epoch, penalties, strengths)
        history.append(strengths)
    return history


def test_grows_evenly_on_a_log_axis_and_then_adjusts():
    history = strengths_of(
        GrowThenAdjust(3, 2.0, 1000.0, relative=False), 5, {"xy": 1.0, "yz": 2.0, "o3": 3.0}
    )
    assert [s["xy"] for s in history] == pytest.approx([1e-2, 1e-1, 1.0, 1.0, 1.0])
    assert [s["yz"] for s in history] == pytest.approx([1e-2, 1e-1, 0.25, 0.25, 0.25])
    assert {s["o3"] for s in history} == {0.0}  # only watched


def test_without_growth_it_is_the_paper_policy():
    penalties = {"xy": 0.3, "yz": 0.5, "o3": 1.0}
    grown = strengths_of(GrowThenAdjust(4, 3.0, 1.0, relative=False), 6, penalties)
    assert grown == strengths_of(AdjustOnce(4, 3.0), 6, penalties)


def test_relative_to_the_penalties_of_the_first_epoch():
    policy, strengths = GrowThenAdjust(2, 2.0, 1.0), dict(START)
    policy.update(1, {"xy": 40.0, "yz": 10.0, "o3": 50.0}, strengths)
    adjusted = policy.update(2, {"xy": 4.0, "yz": 2.0, "o3": 5.0}, strengths)
    # shares 0.1 and 0.2: the larger penalty is the smaller part of what its group forbids
    assert adjusted == pytest.approx({"xy": 1e-3, "yz": 0.25e-3, "o3": 0.0})


def test_a_group_that_forbids_nothing_at_the_start():
    policy = GrowThenAdjust(2, 1.0, 1.0)
    for epoch in (1, 2):
        adjusted = policy.update(epoch, {"xy": 0.0, "yz": 1.0, "o3": 1.0}, START)
    assert adjusted["xy"] == START["xy"]


def test_when_it_is_done():
    policy = GrowThenAdjust(4, 1.0, 10.0)
    assert policy.adjusted_epoch is None
    strengths_of(policy, 4, {"xy": 1.0, "yz": 2.0, "o3": 3.0})
    assert (policy.adjusted_epoch, policy.settled_epoch) == (4, 4)


@pytest.mark.parametrize("growth", [0.0, -1.0, float("inf"), float("nan")])
def test_a_growth_that_is_none(growth):
    with pytest.raises(ValueError, match="growth must be a finite number above 0"):
        GrowThenAdjust(4, 1.0, growth)
