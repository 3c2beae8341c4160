"""The adjustment of the paper, repeated while training runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from softsym.regularizers.policies.adjust_once import AdjustOnce
from softsym.regularizers.policies.base import StrengthPolicy
from softsym.symmetries.numbers import require_whole


class AdjustRepeatedly(StrengthPolicy):
    """Repeats the adjustment of :class:`AdjustOnce` after T, 2 T, ..., k T epochs.

    Each adjustment starts from the strengths of the one before. A symmetry whose penalty stays
    above the smallest loses strength every time. A model may be kept as the best after (k + 1) T
    epochs.

    Args:
        epoch: T, number of epochs before the first adjustment and between any two.
        exponent: p, how sharply a larger penalty lowers the strength each time.
        times: k, number of adjustments.
        window: Number of epochs before each adjustment whose penalties count, at most T for all
            but the first.
        growth: Factor by which strengths have grown before the first adjustment.
        relative: Whether penalties are divided by those of the first epoch.

    Raises:
        ValueError: If T, k or the window is below 1, p is negative, or the growth is not above 0.
    """

    def __init__(
        self,
        epoch: int,
        exponent: float,
        times: int,
        window: int = 50,
        growth: float = 1.0,
        relative: bool = False,
    ) -> None:
        require_whole("times", times)
        self.epoch = require_whole("epoch", epoch)
        self._rounds = [AdjustOnce(epoch, exponent, window, growth, relative)]
        # penalties from before the last adjustment belong to other strengths
        since = min(window, epoch)
        later = ((n * epoch, exponent, since) for n in range(2, times + 1))
        self._rounds += [AdjustOnce(*settings, relative=relative) for settings in later]

    @property
    def settled_epoch(self) -> int:
        """(k + 1) T."""
        return (len(self._rounds) + 1) * self.epoch

    @property
    def adjusted_epoch(self) -> int | None:
        """The epoch of the latest adjustment; None before the first."""
        done = [one.adjusted_epoch for one in self._rounds if one.adjusted_epoch]
        return max(done, default=None)

    @override
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        changed = dict(strengths)
        for one in self._rounds:
            changed = one.update(epochs, penalties, changed)
        return changed

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of every adjustment."""
        return {"rounds": [one.state_dict() for one in self._rounds]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state of every adjustment, of which there must be as many."""
        saved = len(state_dict["rounds"])
        if saved != len(self._rounds):
            raise ValueError(
                f"The checkpoint adjusts {saved} times, this run {len(self._rounds)}. Resume with "
                f"the config of that run (policy.times={saved})."
            )
        for one, state in zip(self._rounds, state_dict["rounds"], strict=True):
            one.load_state_dict(state)
