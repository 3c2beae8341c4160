"""Strengths that follow the share of symmetrising that held-out samples ask for."""

from __future__ import annotations

import math

from typing_extensions import override

from softsym.regularizers.policies.asking import AskingPolicy
from softsym.regularizers.policies.base import HeldOut

RATE = 0.25
"""Largest step of the logarithm of a strength."""


class HeldOutShare(AskingPolicy):
    r"""Strengthens what symmetrising the network would improve on held-out samples.

    With Qf the equivariant part of the network f, the share alpha is the least squares of y - f on
    Qf - f: 1 if symmetrising f wholly lowers its held-out error most, 0 if it should stay as it is.
    After intervals of 5% of the epochs so far,

    .. math:: \log \lambda_G \leftarrow \log \lambda_G +
        \tfrac14 \tanh \frac{\alpha_G - 1/2}{2\,\mathrm{se}(\alpha_G)}

    Strengths start weak, since a strong constraint is hard to undo. Where Qf = f already, alpha
    says nothing, and the strength stays. A baseline to compare with, and a diagnostic of
    constraints that are wrong. Without held-out samples strengths stay weak.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shares: dict[str, list[float]] = {}

    @override
    def learn(self, loss: float, held_out: HeldOut | None) -> None:
        super().learn(loss, held_out)
        seen = {} if held_out is None else held_out.asymmetries
        self._shares = {
            name: [one.alpha, one.alpha_error]
            for name, one in seen.items()
            if math.isfinite(one.alpha + one.alpha_error) and one.alpha_error > 0
        }

    @override
    def _moved(
        self, name: str, strength: float, first: float, penalty: float, cost: float
    ) -> float:
        alpha, error = self._shares.get(name, (0.5, 1.0))
        step = RATE * math.tanh((alpha - 0.5) / (2 * error))
        # more would cost too much; less is always allowed
        step = min(step, 0.0) if cost >= 1 else step
        return max(strength, first / 1e4) * math.exp(step) if strength else first
