"""Strengths that grow, and are then adjusted as in the paper."""

import pytest
from compliance.policies import PolicySuite

from regularizers import AdjustOnce, GrowThenAdjust

START = {"xy": 1e-3, "yz": 1e-3, "o3": 0.0}


class TestGrowth(PolicySuite):
    def make(self):
        return GrowThenAdjust(epoch=8, exponent=2.0, growth=1000.0, window=5)


def strengths_of(policy, epochs, penalties):
    """Strengths after each epoch under these penalties."""
    found, strengths = [], dict(START)
    for epoch in range(1, epochs + 1):
        strengths = policy.update(epoch, penalties, strengths)
        found.append(strengths)
    return found


def test_grows_evenly_on_a_log_axis_and_then_adjusts():
    found = strengths_of(GrowThenAdjust(3, 2.0, 1000.0), 5, {"xy": 1.0, "yz": 2.0, "o3": 3.0})
    assert [s["xy"] for s in found] == pytest.approx([1e-2, 1e-1, 1.0, 1.0, 1.0])
    assert [s["yz"] for s in found] == pytest.approx([1e-2, 1e-1, 0.25, 0.25, 0.25])
    assert {s["o3"] for s in found} == {0.0}  # only watched


def test_without_growth_it_is_the_paper_policy():
    penalties = {"xy": 0.3, "yz": 0.5, "o3": 1.0}
    grown = strengths_of(GrowThenAdjust(4, 3.0, 1.0), 6, penalties)
    assert grown == strengths_of(AdjustOnce(4, 3.0), 6, penalties)


def test_when_it_is_done():
    policy = GrowThenAdjust(4, 1.0, 10.0)
    assert policy.adjusted_epoch is None
    strengths_of(policy, 4, {"xy": 1.0, "yz": 2.0, "o3": 3.0})
    assert (policy.adjusted_epoch, policy.settled_epoch) == (4, 4)


@pytest.mark.parametrize("growth", [0.0, -1.0, float("inf"), float("nan")])
def test_a_growth_that_is_none(growth):
    with pytest.raises(ValueError, match="growth must be a finite number above 0"):
        GrowThenAdjust(4, 1.0, growth)
