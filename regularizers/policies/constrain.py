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
from typing import Any

from typing_extensions import override

from softsym.regularizers.policies.base import Constraint, HeldOut, Question, StrengthPolicy

SPACING = 0.05
"""Share of the epochs so far that pass between two updates: as often per doubling of the training
however long it is, and ever more slowly, so that the network follows."""
RATE = 0.25
"""Power of the ratio of asymmetry and tolerance that a strength is multiplied by."""
GROWTH, RELEASE = 1.0, -4.0
"""Bounds of the logarithm of that ratio: a strength grows by at most 28% in an update, but a
constraint that turns out to be wrong is released faster."""
WEAK = 0.01
"""Share of the data's loss that a penalty costs at first."""
COST = 3.0
"""All penalties together cost at most this multiple of the data's loss, if constraints cannot be
met. Found on inertia: with 1 strengths come late in a short training, with 9 too early to learn."""
LARGEST = 1e4
"""Bound of a strength, relative to its first."""
SHARE = 0.01
"""Tolerance of a symmetry that is not rejected, relative to what the network leaves unexplained."""
ROUNDING = 1e-6
"""Tolerance that single precision can meet."""
LEVEL = 0.05
"""Probability that a test of the whole training rejects any symmetry that holds."""
FIRST_NETWORK_TEST, TEST_AGAIN = 16, 2
"""Epoch of the first test with the network, and the factor of the epochs between two tests."""
SMOOTH = 0.3
"""Share of the newest in the running estimate of a break."""
SMALLEST = 1e-3
"""Smallest penalty that sets the scale of a first strength: at an exact symmetry there is none."""
TINY = 1e-30
"""Keeps zeros out of quotients."""


class Constrain(StrengthPolicy):
    """Prices asymmetry: dual ascent on constraints whose tolerances come from the symmetry test.

    No setting depends on the task. Held-out samples are asked about the network's asymmetry, at
    intervals of 5% of the epochs so far, and tested for each symmetry: after the first epoch with a
    regression, and from epoch 16 on, whenever the epochs have doubled, with the network. The
    tolerance is

    * 2 b^2 for a symmetry that a test has rejected, with b the estimate of its relative break, the
      larger of the test's and a running mean of newer ones;
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
    that all penalties together cost at most three times the loss. L is that of held-out samples,
    estimated as 1 - R^2 times the loss per unexplained variance at the start: the training loss of
    a network that interpolates says nothing. This also couples strengths to what has been learned:
    dearer penalties shrink the weights of a network before it has found those that it keeps.

    The strengths in the config do not matter, except that 0 watches a symmetry without training
    towards it. Without held-out samples the penalties themselves are constrained, to a hundredth of
    the present loss relative to the first, and nothing is rejected.
    """

    def __init__(self) -> None:
        self._members: list[str] = []
        self._first: dict[str, float] = {}
        self._start: dict[str, float] = {}
        self._due, self._tests, self._test_due = 1, 0, 1
        self._per_variance, self._loss, self._first_loss = 0.0, 1.0, 0.0
        self._unexplained = 1.0
        self._breaks: dict[str, float] = {}
        self._running: dict[str, float] = {}
        self._asymmetry: dict[str, float] = {}
        self._constraints: dict[str, list[float]] = {}

    @property
    def constraints(self) -> dict[str, Constraint]:
        """The asymmetry, tolerance and price of each symmetry, as of the last update."""
        return {name: Constraint(*numbers) for name, numbers in self._constraints.items()}

    @override
    def begin(self, strengths: Mapping[str, float]) -> dict[str, float]:
        if self._members:
            return dict(strengths)
        self._members = [name for name, strength in strengths.items() if strength > 0]
        return dict.fromkeys(strengths, 0.0)

    @override
    def asks(self, epochs: int) -> Question | None:
        if epochs < self._due or not self._members:
            return None
        if epochs < self._test_due:
            return Question(tuple(self._members))
        return Question(tuple(self._members), "network" if self._tests else "regression")

    @override
    def learn(self, loss: float, held_out: HeldOut | None) -> None:
        self._loss, self._first_loss = loss, self._first_loss or loss
        if not math.isfinite(loss + (held_out.unexplained if held_out else 0.0)):
            self._loss = math.nan  # update then leaves strengths alone
            return
        if held_out is None:
            self._asymmetry, self._unexplained = {}, loss / max(self._first_loss, TINY)
            return
        self._unexplained = max(held_out.unexplained, TINY)
        self._per_variance = self._per_variance or loss / self._unexplained
        self._loss = self._per_variance * self._unexplained
        finite = {n: a for n, a in held_out.asymmetries.items() if math.isfinite(a.square)}
        self._asymmetry = {name: seen.square for name, seen in finite.items()}
        for name, seen in finite.items():
            before = self._running.get(name, seen.estimate)
            self._running[name] = before + SMOOTH * (seen.estimate - before)
        self._judge(held_out)

    def _judge(self, held_out: HeldOut) -> None:
        """Notes the breaks of symmetries that a test rejects."""
        if not held_out.verdicts:
            return
        level = LEVEL / ((self._tests + 1) * (self._tests + 2))
        for name, verdict in held_out.verdicts.items():
            if verdict.p_holm < level:
                self._breaks[name] = max(verdict.estimate, self._breaks.get(name, 0.0))

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        changed = dict(strengths) if self._members else self.begin(strengths)
        if epochs < self._due or not math.isfinite(self._loss + sum(penalties.values())):
            return changed
        self._constraints = {}
        spent = sum(changed[name] * penalties[name] for name in self._members)
        cost = spent / max(COST * self._loss, TINY)
        for name in self._members:
            asymmetry, tolerance = self._bounded(name, penalties[name])
            first = self._first.setdefault(name, WEAK * self._loss / max(penalties[name], SMALLEST))
            ratio = max(asymmetry, TINY) / (tolerance + cost * max(asymmetry - tolerance, 0.0))
            changed[name] = _stepped(changed[name], first, ratio)
            self._constraints[name] = [asymmetry, tolerance, changed[name]]
        if epochs >= self._test_due:
            self._tests += 1
            self._test_due = max(FIRST_NETWORK_TEST, TEST_AGAIN * epochs)
        self._due = max(epochs + 1, math.ceil(epochs * (1 + SPACING)))
        return changed

    def _bounded(self, name: str, penalty: float) -> tuple[float, float]:
        """The asymmetry, or the relative penalty where none was measured; and the tolerance."""
        relative = penalty / max(self._start.setdefault(name, penalty), TINY)
        asymmetry = max(self._asymmetry.get(name, relative), 0.0)
        if name in self._breaks:
            return asymmetry, 2 * max(self._breaks[name], self._running.get(name, 0.0)) ** 2
        return asymmetry, max(SHARE * self._unexplained, ROUNDING)

    @override
    def state_dict(self) -> dict[str, Any]:
        return {name: _copied(value) for name, value in vars(self).items()}


def _stepped(strength: float, first: float, ratio: float) -> float:
    """A step of dual ascent, from the ratio of asymmetry and tolerance."""
    factor = math.exp(RATE * min(max(math.log(ratio), RELEASE), GROWTH))
    return min(max((strength + first) * factor - first, 0.0), LARGEST * first)


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, dict | list) else value
