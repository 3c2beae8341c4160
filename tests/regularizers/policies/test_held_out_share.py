"""Strengths that follow the share of symmetrising."""

from typing import NamedTuple

import pytest
from compliance.policies import PolicySuite

from softsym.regularizers import HeldOutShare
from softsym.regularizers.policies import HeldOut


class Seen(NamedTuple):
    square: float
    estimate: float
    alpha: float
    alpha_error: float


class Told(HeldOutShare):
    """Is told the same of held-out samples in every epoch."""

    def update(self, epochs, penalties, strengths):
        if self.asks(epochs) is not None:
            seen = {"xy": Seen(0.1, 0.0, 0.9, 0.1), "yz": Seen(0.1, 0.3, 0.1, 0.1)}
            self.learn(2.0, HeldOut(0.5, seen))
        return super().update(epochs, penalties, strengths)


class TestShare(PolicySuite):
    def make(self):
        return Told()


class TestWithoutHeldOutSamples(PolicySuite):
    def make(self):
        return HeldOutShare()


def moved(alpha, error, epochs=100, penalty=1e-3):
    """Strength after many epochs, relative to the first."""
    policy = HeldOutShare()
    strengths, first = policy.begin({"a": 5.0}), None
    for epoch in range(1, epochs + 1):
        if policy.asks(epoch) is not None:
            policy.learn(1.0, HeldOut(0.5, {"a": Seen(0.1, 0.1, alpha, error)}))
        strengths = policy.update(epoch, {"a": penalty}, strengths)
        first = first or strengths["a"]
    return strengths["a"] / first


def test_the_side_of_one_half_decides():
    assert moved(1.0, 0.05) > 100
    assert moved(0.0, 0.05) < 1 / 100
    assert moved(0.5, 0.05) == 1.0


def test_doubt_slows_it_down():
    assert 1 < moved(0.6, 0.4) < moved(0.6, 0.05)


@pytest.mark.parametrize("alpha", [float("nan"), float("inf")])
def test_where_nothing_is_asymmetric_it_stays(alpha):
    assert moved(alpha, float("nan")) == 1.0


def test_penalties_cost_at_most_three_times_the_loss():
    policy, strengths = HeldOutShare(), {"a": 1.0}
    for epoch in range(1, 400):
        policy.learn(1.0, HeldOut(0.5, {"a": Seen(1.0, 0.0, 1.0, 0.01)}))
        strengths = policy.update(epoch, {"a": 2.0}, strengths)
    assert 3.0 <= strengths["a"] * 2.0 < 3.0 * 1.3
