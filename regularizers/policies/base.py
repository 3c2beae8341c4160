"""The contract of a strength policy."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple, Protocol


class Asymmetry(Protocol):
    """How asymmetric the network is under one symmetry; fields as in ``metrics``.

    :class:`softsym.metrics.symmetry_tests.asymmetry.Asymmetry` describes them.
    """

    @property
    def square(self) -> float:
        """2 E|f - Qf|^2 relative to the variance of the targets."""

    @property
    def estimate(self) -> float:
        """Relative break of the targets along f - Qf."""

    @property
    def alpha(self) -> float:
        """Share of symmetrising the network that lowers its held-out error most."""

    @property
    def alpha_error(self) -> float:
        """Standard error of that share."""


class Verdict(Protocol):
    """What the symmetry test says of one symmetry, as far as policies ask."""

    @property
    def p_holm(self) -> float:
        """p-value of "the symmetry holds", corrected for the number of candidates."""

    @property
    def estimate(self) -> float:
        """Estimate of the relative break."""


class Question(NamedTuple):
    """What a policy asks of held-out samples after an epoch.

    Attributes:
        names: The symmetries that it asks about.
        test: Whether they are tested as well, and with which predictor: a regression fitted to
            part of the held-out samples, which needs no network, or the network.
    """

    names: tuple[str, ...]
    test: Literal["no", "regression", "network"] = "no"


@dataclass(frozen=True)
class HeldOut:
    """What held-out samples answer; the same on every rank.

    Attributes:
        unexplained: Share of the targets' variance that the network leaves unexplained, 1 - R^2.
        asymmetries: Name -> asymmetry of the network.
        verdicts: Name -> verdict; empty where no test was asked for, or the predictor of the test
            explains nothing.
        explained: R^2 of that predictor.
        loss: Task loss of the network, with a test alone; NaN where it is not known.
    """

    unexplained: float
    asymmetries: Mapping[str, Asymmetry]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    explained: float = 1.0
    loss: float = math.nan


class Constraint(NamedTuple):
    """A constraint on one symmetry: its asymmetry is to be at most the tolerance.

    Attributes:
        asymmetry: Of the network, as :attr:`Asymmetry.square`.
        tolerance: Its bound.
        price: Its multiplier: the loss bought by one unit more of the penalty.
    """

    asymmetry: float
    tolerance: float
    price: float


class StrengthPolicy(ABC):
    """Decides the strengths after each epoch.

    Every rank asks a policy of its own with the same numbers; the answers must be the same.
    """

    constrains: ClassVar[bool] = False
    """Whether strengths are prices of :attr:`constraints`, which dashboards then show."""

    @property
    def settled_epoch(self) -> int:
        """Number of epochs after which a model may be kept as the best."""
        return 0

    @property
    def adjusted_epoch(self) -> int | None:
        """The last epoch whose end changed the strengths, for plots; None if there is none."""
        return None

    @property
    def constraints(self) -> Mapping[str, Constraint]:
        """Name -> the constraint whose shadow price a strength is, for logs; usually empty."""
        return {}

    def begin(self, strengths: Mapping[str, float]) -> dict[str, float]:
        """Decides the strengths of the first epoch from those in the config.

        Called whenever a training begins or goes on, with the state of a checkpoint restored.
        """
        return dict(strengths)

    def asks(self, epochs: int) -> Question | None:
        """Returns the question for held-out samples after some epochs, or None if there is none.

        At 0, before the first step, the answer is followed by ``update`` for 0 epochs, with the
        penalties of regularizers of weights alone.
        """
        return None

    def learn(self, loss: float, held_out: HeldOut | None) -> None:  # noqa: B027 (optional)
        """Takes in the answer, before ``update`` for the same epoch.

        Args:
            loss: Mean task loss over the epoch.
            held_out: The answer; None where there are no held-out samples that fit.
        """

    @abstractmethod
    def update(
        self, epochs: int, penalties: Mapping[str, float], strengths: Mapping[str, float]
    ) -> dict[str, float]:
        """Decides the strengths of the next epoch.

        Args:
            epochs: Number of epochs trained so far; 0 only if the policy has asked then.
            penalties: Mean penalty over the last epoch, for each symmetry.
            strengths: Strength during the last epoch, for each symmetry.

        Returns:
            The strength of each symmetry.
        """

    def state_dict(self) -> dict[str, Any]:
        """Returns what a checkpoint must keep."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores what ``state_dict`` returned."""
        self.__dict__.update(state_dict)
