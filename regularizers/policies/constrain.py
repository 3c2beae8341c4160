r"""Strengths as shadow prices: each symmetry is a constraint whose tolerance the data tell.

.. math:: \min_\theta L(\theta) \quad \text{such that} \quad \Omega_G(\theta) \le \epsilon_G

with Omega_G the asymmetry of the network on held-out samples, relative to the variance of the
targets: E|rho(g)^-1 f(g x) - f(x)|^2 / Var y, which is twice the squared relative break. The
strength is the multiplier of the constraint, and dual ascent finds it:

    strength_G <- [strength_G + eta_G (Omega_G - epsilon_G)]_+ .
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from typing_extensions import override

from softsym.regularizers.policies.asking import LARGEST, SMALLEST, TINY, WEAK, AskingPolicy
from softsym.regularizers.policies.base import Constraint, HeldOut, Question

RATE = 0.25
"""Power of the ratio of asymmetry and tolerance that a strength is multiplied by."""
GROWTH, RELEASE = 1.0, -4.0
"""Bounds of the logarithm of that ratio: a strength grows by at most 28% in an update, but a
constraint that turns out to be wrong is released faster."""
SHARE = 0.01
"""Tolerance of a symmetry that is not rejected, relative to what the network leaves unexplained;
not of penalties on weights that started strong."""
ROUNDING = 1e-6
"""Tolerance that single precision can meet."""
LEVEL = 0.05
"""Probability that a test of the whole training rejects any symmetry that holds."""
FIRST_NETWORK_TEST, TEST_AGAIN = 16, 2
"""Epoch of the first test with the network, and the factor of the epochs between two tests."""
STRONG = 64.0
"""Cost of a penalty on weights at the start, relative to the loss, where the first test does not
reject its symmetry: 10 on inertia, which is what tuning by hand came to."""
FREE = 3
"""Number of tests, the last after 32 epochs, before which slack does not bound strengths: weights
follow a strong penalty within as many."""
LEAST_EXPLAINED = 0.1
"""R^2 below which a predictor says nothing of the size of a break."""
SMOOTH = 0.3
"""Share of the newest in the running estimate of a break."""


class Constrain(AskingPolicy):
    """Prices asymmetry: dual ascent on constraints whose tolerances come from the symmetry test.

    No setting depends on the task. Held-out samples are asked about the network's asymmetry, at
    intervals of 5% of the epochs so far, and tested for each symmetry: before the first step with a
    regression, and from epoch 16 on, whenever the epochs have doubled, with the network. The
    tolerance is

    * 2 b^2 / R^2 for a symmetry that a test has rejected, with b the estimate of its relative break
      and R^2 that of the predictor, as if what it leaves unexplained were as asymmetric as the
      rest; the larger of the test's and a running mean of newer ones;
    * rounding alone, for the penalties on weights that start strong (below), as long as no test
      rejects their symmetry;
    * a hundredth of what the network leaves unexplained, 1 - R^2, for all others: then at most half
      a percent of the network's error is asymmetry.

    The k-th test has the level 0.05 / (k (k + 1)), 0.05 for all together, so that a rejection is
    final.

    A strength is the **shadow price** of its penalty, -dL*/d epsilon: the loss bought by one unit
    more of it. For a ``FunctionRegularizer``, whose penalty is Omega_G itself, this is the price of
    asymmetry. For other penalties, such as the distance of weights from equivariant ones, the
    asymmetry is what is constrained, and the strength is a price of the surrogate.

    The step size eta_G > 0 scales itself: (strength_G + first_G) (r - 1) / (Omega_G - epsilon_G)
    with r = (Omega_G / (epsilon_G + u_G))^(1/4) between 1/e and e^(1/4), so that units of loss,
    penalty and targets play no part. The slack u_G lets a constraint go that cannot be met, as in
    adaptive constrained equivariance (ACE, 2025), whose multiplier is rho_G u_G. The stiffness
    rho_G follows the loss L: u_G = (Omega_G - epsilon_G) sum_H strength_H penalty_H / (3 L), so
    that all penalties together cost at most three times the loss. This also couples strengths to
    what has been learned: dearer penalties shrink the weights of a network before it has found
    those that it keeps.

    Penalties on weights start strong, at 64 times the loss, where the first test explains something
    and does not reject the symmetry: freedom that a network had for a while is hard to take from it
    in a short training. Until epoch 32 slack does not bound these. With a tolerance above rounding
    they would be let go at once, since a network that has not learned anything yet is nearly
    symmetric. All others start weak.

    Without held-out samples the penalties are constrained, relative to their first values, to a
    hundredth of the loss relative to its first, and nothing is rejected.
    """

    constrains = True

    def __init__(self) -> None:
        super().__init__()
        self._start: dict[str, float] = {}
        self._tests, self._test_due = 0, 0
        self._strong: list[str] = []
        self._said = False
        self._breaks: dict[str, float] = {}
        self._running: dict[str, float] = {}
        self._asymmetry: dict[str, float] = {}
        self._constraints: dict[str, list[float]] = {}

    @property
    def constraints(self) -> dict[str, Constraint]:
        """The asymmetry, tolerance and price of each symmetry, as of the last update."""
        return {name: Constraint(*numbers) for name, numbers in self._constraints.items()}

    @override
    def asks(self, epochs: int) -> Question | None:
        asked = super().asks(epochs)
        if not epochs and not self._tests and self._members:
            return Question(tuple(self._members), "regression")
        if asked is None or epochs < self._test_due:
            return asked
        return asked._replace(test="network" if self._tests else "regression")

    @override
    def learn(self, loss: float, held_out: HeldOut | None) -> None:
        super().learn(loss, held_out)
        seen = {} if held_out is None else held_out.asymmetries
        finite = {n: one for n, one in seen.items() if math.isfinite(one.square)}
        self._asymmetry = {name: one.square for name, one in finite.items()}
        explained = 1 - self._unexplained
        for name, one in finite.items() if explained > LEAST_EXPLAINED else ():
            square = one.estimate**2 / explained
            before = self._running.get(name, square)
            self._running[name] = before + SMOOTH * (square - before)
        if held_out is not None:
            self._judge(held_out)

    def _judge(self, held_out: HeldOut) -> None:
        """Notes the breaks of symmetries that a test rejects."""
        self._said = bool(held_out.verdicts)
        level = LEVEL / ((self._tests + 1) * (self._tests + 2))
        for name, verdict in held_out.verdicts.items():
            if verdict.p_holm < level:
                square = verdict.estimate**2 / max(held_out.explained, LEAST_EXPLAINED)
                self._breaks[name] = max(square, self._breaks.get(name, 0.0))

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        tested = epochs >= self._test_due and (epochs >= self._due or not self._tests)
        if epochs:
            changed = super().update(epochs, penalties, strengths)
        else:
            changed = self._started(penalties, strengths)
        if tested:
            self._tests += 1
            self._test_due = max(FIRST_NETWORK_TEST, TEST_AGAIN * epochs)
        return changed

    def _started(
        self, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        """Strengths before the first step: strong where the test has not rejected a symmetry."""
        for name in self._members:
            if name in penalties and self._said:
                self._first[name] = WEAK * self._loss / max(penalties[name], SMALLEST)
        self._strong = [name for name in self._first if name not in self._breaks]
        strong = {name: STRONG / WEAK * self._first[name] for name in self._strong}
        return {**strengths, **strong}

    @override
    def _moved(
        self, name: str, strength: float, first: float, penalty: float, cost: float
    ) -> float:
        asymmetry, tolerance = self._bounded(name, penalty)
        cost = cost if self._tests >= FREE or name not in self._strong else 0.0
        ratio = max(asymmetry, TINY) / (tolerance + cost * max(asymmetry - tolerance, 0.0))
        factor = math.exp(RATE * min(max(math.log(ratio), RELEASE), GROWTH))
        price = min(max((strength + first) * factor - first, 0.0), LARGEST * first)
        self._constraints[name] = [asymmetry, tolerance, price]
        return price

    def _bounded(self, name: str, penalty: float) -> tuple[float, float]:
        """The asymmetry, or the relative penalty where none was measured; and the tolerance."""
        relative = penalty / max(self._start.setdefault(name, penalty), TINY)
        asymmetry = max(self._asymmetry.get(name, relative), 0.0)
        if name in self._breaks:
            return asymmetry, 2 * max(self._breaks[name], self._running.get(name, 0.0))
        tolerated = 0.0 if name in self._strong else SHARE * self._unexplained
        return asymmetry, max(tolerated, ROUNDING)
