"""The adjustment of the paper, again and again."""

import pytest
from compliance.policies import PolicySuite

from softsym.regularizers import AdjustOnce, AdjustRepeatedly

STRENGTHS = {"xy": 100.0, "yz": 100.0}


class TestThreeTimes(PolicySuite):
    def make(self):
        return AdjustRepeatedly(epoch=3, exponent=2.0, times=3, window=2)


def test_once_is_the_paper_policy():
    one, repeated = AdjustOnce(4, 2.0), AdjustRepeatedly(4, 2.0, times=1)
    first, second = dict(STRENGTHS), dict(STRENGTHS)
    for epoch in range(1, 10):
        penalties = {"xy": 1.0 / epoch, "yz": 2.0 + 1.0 / epoch}
        first = one.update(epoch, penalties, first)
        second = repeated.update(epoch, penalties, second)
        assert first == second
    assert (one.settled_epoch, one.adjusted_epoch) == (8, 4)
    assert (repeated.settled_epoch, repeated.adjusted_epoch) == (8, 4)


def test_each_time_by_the_penalties_of_then():
    policy, strengths, seen = AdjustRepeatedly(2, 1.0, times=2, window=1), dict(STRENGTHS), []
    for epoch in range(1, 7):
        penalties = {"xy": 1.0, "yz": 4.0 if epoch <= 2 else 5.0}
        strengths = policy.update(epoch, penalties, strengths)
        seen.append(strengths["yz"])
    assert seen == pytest.approx([100.0, 25.0, 25.0, 5.0, 5.0, 5.0])
    assert strengths["xy"] == 100.0
    assert (policy.settled_epoch, policy.adjusted_epoch) == (6, 4)


def test_strengths_grow_before_the_first_adjustment_alone():
    policy, strengths = AdjustRepeatedly(2, 0.0, times=2, growth=100.0), dict(STRENGTHS)
    seen = []
    for epoch in range(1, 6):
        strengths = policy.update(epoch, {"xy": 1.0, "yz": 1.0}, strengths)
        seen.append(strengths["xy"])
    assert seen == pytest.approx([1e3, 1e4, 1e4, 1e4, 1e4])


def test_nothing_is_adjusted_before_its_time():
    policy = AdjustRepeatedly(5, 1.0, times=2)
    assert policy.update(4, {"xy": 1.0, "yz": 2.0}, STRENGTHS) == STRENGTHS
    assert policy.adjusted_epoch is None


def test_penalties_under_the_strengths_of_before_do_not_count():
    policy, strengths = AdjustRepeatedly(2, 1.0, times=2, window=50), dict(STRENGTHS)
    for epoch in range(1, 5):
        # after the first adjustment every penalty is larger, so that none improves on the kept
        penalties = {"xy": 1.0, "yz": 4.0} if epoch <= 2 else {"xy": 10.0, "yz": 50.0}
        strengths = policy.update(epoch, penalties, strengths)
    assert strengths == pytest.approx({"xy": 100.0, "yz": 100.0 / 4 / 5})


def test_a_checkpoint_of_another_number_of_adjustments():
    state = AdjustRepeatedly(3, 1.0, times=2).state_dict()
    with pytest.raises(ValueError, match=r"adjusts 2 times, this run 3.*policy.times=2"):
        AdjustRepeatedly(3, 1.0, times=3).load_state_dict(state)


@pytest.mark.parametrize("times", [0, 1.5, -1])
def test_a_number_of_times_that_is_none(times):
    with pytest.raises(ValueError, match="times must be a whole number of at least 1"):
        AdjustRepeatedly(5, 1.0, times=times)


def test_a_wrong_epoch():
    with pytest.raises(ValueError, match="epoch must be a whole number of at least 1"):
        AdjustRepeatedly(0, 1.0, times=2)
