"""Strengths as shadow prices, on problems whose prices are known."""

from typing import NamedTuple

import pytest
from compliance.policies import PolicySuite

from softsym.regularizers import Constrain
from softsym.regularizers.policies import HeldOut, Question

EPOCHS = 400


class Seen(NamedTuple):
    square: float
    estimate: float = 0.0
    alpha: float = float("nan")
    alpha_error: float = float("nan")


class Judged(NamedTuple):
    p_holm: float
    estimate: float


class TestOnPenaltiesAlone(PolicySuite):
    def make(self):
        return Constrain()


class Told(Constrain):
    """Is told the same of held-out samples in every epoch."""

    def update(self, epochs, penalties, strengths):
        if self.asks(epochs) is not None:
            seen = {n: Seen(p / 2**epochs) for n, p in penalties.items() if n != "watched"}
            self.learn(2.0, HeldOut(0.5, seen, {"yz": Judged(1e-9, 0.4)}))
        return super().update(epochs, penalties, strengths)


class TestWithHeldOutSamples(PolicySuite):
    def make(self):
        return Told()


def trained(breaks, unit=1.0, steps=8, epochs=EPOCHS, rejected=(), scale=1.0, noise=1.0):
    """Strengths after each epoch of gradient descent on a loss with known prices.

    L = 1/2 unit (noise + sum_G (theta_G - break_G)^2), Omega_G = theta_G^2, and the penalty is
    scale Omega_G. The price of Omega_G <= epsilon_G is, in units of the penalty,
    -dL/d epsilon_G = unit (break_G / theta_G - 1) / (2 scale).
    """
    policy, theta = Constrain(), dict.fromkeys(breaks, 1.0)
    strengths, history = policy.begin(dict.fromkeys(breaks, 7.0)), []
    for epoch in range(1, epochs + 1):
        for _ in range(steps):
            for name, t in theta.items():
                slope = unit * (t - breaks[name]) + 2 * scale * strengths[name] * t
                theta[name] = t - 0.2 * slope / (unit + 2 * scale * strengths[name])
        left = noise + sum((theta[n] - b) ** 2 for n, b in breaks.items())
        penalties = {n: scale * t**2 for n, t in theta.items()}
        question = policy.asks(epoch)
        if question is not None:
            assert question.names == tuple(breaks)
            verdicts = {n: Judged(1e-6, b) for n, b in dict(rejected).items()}
            seen = {n: Seen(t**2) for n, t in theta.items()}
            tested = verdicts if question.test != "no" else {}
            policy.learn(unit * left / 2, HeldOut(left, seen, tested))
        strengths = policy.update(epoch, penalties, strengths)
        history.append(strengths)
    return history, theta


@pytest.mark.parametrize("estimate", [0.2, 0.3, 0.4])
def test_the_strength_is_the_shadow_price(estimate):
    """The constraint is theta^2 <= 2 b^2, tighter than the break of 1 that the loss asks for."""
    history, theta = trained({"a": 1.0}, rejected={"a": estimate})
    bound = 2**0.5 * estimate
    assert theta["a"] == pytest.approx(bound, rel=0.02)
    assert history[-1]["a"] == pytest.approx((1 / bound - 1) / 2, rel=0.03)


@pytest.mark.parametrize("steps", [1, 8, 100])
def test_no_oscillation_at_the_end(steps):
    history, _ = trained({"a": 1.0}, rejected={"a": 0.3}, steps=steps)
    last = [strengths["a"] for strengths in history[-EPOCHS // 4 :]]
    assert max(last) < 1.1 * min(last)


def test_an_exact_symmetry_is_dear_and_a_broken_one_free():
    """Noise alone pulls at the exact one, by a tenth."""
    breaks = {"exact": 0.1, "broken": 1.0}
    history, theta = trained(breaks, rejected={"broken": 0.75}, noise=0.1)
    assert history[-1]["broken"] == 0.0
    assert theta["broken"] == pytest.approx(1.0, abs=1e-3)
    assert theta["exact"] ** 2 == pytest.approx(0.01 * 0.1, rel=0.1)
    assert history[-1]["exact"] == pytest.approx((0.1 / theta["exact"] - 1) / 2, rel=0.03)


def test_constraints_that_cannot_be_met_cost_three_times_the_loss():
    """Nothing is rejected, but the loss holds on to a break of 1."""
    noise = 1e-3
    history, theta = trained({"a": 1.0}, noise=noise)
    strength, left = history[-1]["a"], noise + (theta["a"] - 1) ** 2
    assert strength * theta["a"] ** 2 == pytest.approx(3 * left / 2, rel=0.1)


@pytest.mark.parametrize(("unit", "scale"), [(1e6, 1.0), (1e-6, 1.0), (1.0, 100.0)])
def test_units_of_loss_and_penalty_change_nothing(unit, scale):
    breaks, rejected = {"a": 1.0, "b": 0.0}, {"a": 0.3}
    plain, reached = trained(breaks, rejected=rejected)
    other, same = trained(breaks, unit, rejected=rejected, scale=scale)
    assert same == pytest.approx(reached, rel=1e-6)
    for a, b in zip(plain, other, strict=True):
        assert {n: s * scale / unit for n, s in b.items()} == pytest.approx(a, rel=1e-6)


def learned(*ps):
    """The tolerance after tests with these p-values and a break of 30%."""
    policy, epoch = Constrain(), 0
    strengths = policy.begin({"a": 1.0, "watched": 0.0})
    for p in ps:
        epoch += 1
        while policy.asks(epoch) is None or policy.asks(epoch).test == "no":
            epoch += 1
        assert policy.asks(epoch).test == ("regression" if epoch == 1 else "network")
        policy.learn(1.0, HeldOut(0.5, {"a": Seen(0.1)}, {"a": Judged(p, 0.3)}))
        strengths = policy.update(epoch, {"a": 0.1, "watched": 0.2}, strengths)
    assert strengths["watched"] == 0.0
    return policy.constraints["a"].tolerance


def test_levels_of_repeated_tests_add_up_to_five_percent():
    held, broken = 0.01 * 0.5, 2 * 0.3**2
    assert learned(0.026) == held
    assert learned(0.024) == broken
    assert learned(1.0, 0.009) == held  # the level of the second is 0.05 / 6
    assert learned(1.0, 0.008) == broken
    assert learned(0.024, 1.0) == broken  # a rejection is final


def test_a_break_is_scaled_up_to_what_the_predictor_explains():
    policy = Constrain()
    policy.begin({"a": 1.0})
    policy.learn(1.0, HeldOut(0.9, {"a": Seen(0.1)}, {"a": Judged(1e-9, 0.3)}, explained=0.5))
    policy.update(1, {"a": 0.1}, {"a": 0.0})
    assert policy.constraints["a"].tolerance == pytest.approx(2 * 0.3**2 / 0.5)
    for epoch in range(2, 15):  # a better network sees a larger break
        policy.learn(1.0, HeldOut(0.2, {"a": Seen(0.5, 0.6)}))
        policy.update(epoch, {"a": 0.1}, {"a": 0.0})
    assert policy.constraints["a"].tolerance == pytest.approx(2 * 0.6**2 / 0.8)


def started(verdicts):
    """Strengths before the first step; the loss is 2, a penalty on weights 100."""
    policy = Constrain()
    strengths = policy.begin({"kept": 1.0, "broken": 1.0, "function": 1.0, "watched": 0.0})
    assert policy.asks(0) == Question(("kept", "broken", "function"), "regression")
    policy.learn(2.0, HeldOut(1.0, {}, verdicts, explained=0.5))
    strengths = policy.update(0, {"kept": 100.0, "broken": 100.0, "watched": 50.0}, strengths)
    assert policy.asks(0) is None
    return strengths


def test_penalties_on_weights_start_strong_unless_their_symmetry_is_rejected():
    p = {"kept": 0.5, "broken": 1e-9, "function": 0.5}
    strengths = started({name: Judged(p[name], 0.5) for name in p})
    assert strengths["kept"] == pytest.approx(64 * 2.0 / 100.0)
    assert {strengths[name] for name in ("broken", "function", "watched")} == {0.0}


def strong_for(epochs, verdicts=None):
    """The strength of a strong start, over its start, after epochs of next to no asymmetry."""
    policy = Constrain()
    strengths = policy.begin({"a": 1.0})
    policy.asks(0)
    policy.learn(1.0, HeldOut(1.0, {}, {"a": Judged(0.5, 0.1)}, explained=0.5))
    strengths = policy.update(0, {"a": 1.0}, strengths)
    first = strengths["a"]
    for epoch in range(1, epochs):
        question = policy.asks(epoch)
        if question is not None:
            tested = verdicts or {} if question.test == "network" else {}
            policy.learn(1.0, HeldOut(0.9, {"a": Seen(1e-4)}, tested, explained=0.5))
        strengths = policy.update(epoch, {"a": 1e-4}, strengths)
    return strengths["a"] / first


def test_what_starts_strong_is_not_let_go_because_an_untrained_network_is_symmetric():
    assert strong_for(100) >= 1
    assert strong_for(100, {"a": Judged(1e-9, 0.3)}) < 1e-3


def test_where_the_first_test_says_nothing_all_start_weak():
    assert set(started({}).values()) == {0.0}


def test_a_training_that_blows_up_keeps_its_strengths():
    policy = Constrain()
    strengths = policy.update(1, {"a": 1.0}, policy.begin({"a": 1.0}))
    policy.learn(float("nan"), HeldOut(float("nan"), {"a": Seen(float("nan"))}))
    assert policy.update(2, {"a": float("nan")}, strengths) == strengths
