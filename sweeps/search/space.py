"""Search spaces: the values that may be drawn for each key of train.py's config."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from optuna import distributions
from optuna.distributions import BaseDistribution

Choice = float | int | str | bool | None
ALLOWED = {
    "float": ("low", "high", "log", "step"),
    "int": ("low", "high", "log", "step"),
    "categorical": ("choices",),
}
"""Type of a parameter -> its settings."""


@dataclass(frozen=True)
class Parameter:
    """The values that may be drawn for one key.

    Attributes:
        key: A key or group of train.py's config.
        type: ``float``, ``int`` or ``categorical``.
        low: Smallest number.
        high: Largest number.
        log: Whether to draw on a logarithmic scale.
        step: Distance between the numbers; None for any number.
        choices: Values of a categorical parameter.
    """

    key: str
    type: str
    low: float = 0
    high: float = 0
    log: bool = False
    step: float | None = None
    choices: tuple[Choice, ...] = ()

    def distribution(self) -> BaseDistribution:
        """The same for Optuna."""
        if self.type == "categorical":
            return distributions.CategoricalDistribution(self.choices)
        if self.type == "int":
            step = int(self.step or 1)
            return distributions.IntDistribution(int(self.low), int(self.high), self.log, step)
        return distributions.FloatDistribution(self.low, self.high, self.log, self.step)

    def samples(self) -> tuple[Choice, ...]:
        """Values to check the config with: all choices, or one number inside the range."""
        if self.type == "categorical":
            return self.choices
        # no round number, which would pass as a whole one
        within = self.low + 0.3819 * (self.high - self.low)
        return (round(within) if self.type == "int" else within,)

    def contains(self, value: object) -> bool:
        """Whether the value may be drawn."""
        if self.type == "categorical":
            return any(value == c and type(value) is type(c) for c in self.choices)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        whole = self.type == "float" or float(value).is_integer()
        steps = (value - self.low) / self.step if self.step else 0.0
        return whole and self.low <= value <= self.high and abs(steps - round(steps)) < 1e-9


def parse_space(space: object) -> tuple[Parameter, ...]:
    """Parses a mapping such as ``{optimizer.lr: {type: float, low: 1e-4, high: 1e-2}}``.

    Raises:
        ValueError: If a type is unknown, or a setting is missing, unknown or makes no sense.
    """
    if not isinstance(space, Mapping) or not space:
        raise ValueError(
            "The space of a search maps keys of train.py's config to the values that may be "
            f"drawn, such as {{optimizer.lr: {{type: float, low: 1e-4, high: 1e-2}}}}; got {space}."
        )
    return tuple(_parameter(str(key), given) for key, given in space.items())


def _parameter(key: str, given: object) -> Parameter:
    kinds = ", ".join(ALLOWED)
    if not isinstance(given, Mapping) or given.get("type") not in ALLOWED:
        raise ValueError(f"space of {key}: needs a type, one of {kinds}; got {given}.")
    kind = str(given["type"])
    strange = sorted(set(given) - {"type", *ALLOWED[kind]})
    if strange:
        raise ValueError(
            f"space of {key}: {kind} has no {', '.join(strange)}; it takes "
            f"{', '.join(ALLOWED[kind])}."
        )
    if kind == "categorical":
        return Parameter(key, kind, choices=_choices(key, given.get("choices")))
    return _numeric(key, kind, given)


def _choices(key: str, given: object) -> tuple[Choice, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ValueError(f"space of {key}: choices must be a list, such as [1, 2]; got {given}.")
    strange = [c for c in given if not isinstance(c, bool | int | float | str | None)]
    if strange:
        raise ValueError(
            f"space of {key}: choices are numbers, words, true, false or null; got {strange[0]}."
        )
    if len(set(map(repr, given))) < len(given):
        raise ValueError(f"space of {key}: choices appear twice in {list(given)}.")
    return tuple(given)


def _numeric(key: str, kind: str, given: Mapping[str, Any]) -> Parameter:
    numbers = {name: given.get(name) for name in ("low", "high", "step")}
    for name, value in numbers.items():
        if name == "step" and value is None:
            continue
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not math.isfinite(cast("float", value)):
            raise ValueError(f"space of {key}: {name} must be a number; got {value}.")
        if kind == "int" and not float(cast("float", value)).is_integer():
            raise ValueError(f"space of {key}: {name} of an int must be whole; got {value}.")
    low, high, step = (cast("float", numbers[name]) for name in ("low", "high", "step"))
    log = given.get("log", False)
    if not isinstance(log, bool):
        raise ValueError(f"space of {key}: log must be true or false; got {log}.")
    if not low < high:
        raise ValueError(f"space of {key}: low must be less than high; got {low} and {high}.")
    if log and low <= 0:
        raise ValueError(f"space of {key}: a logarithmic scale needs low > 0; got {low}.")
    if log and step is not None:
        raise ValueError(f"space of {key}: a logarithmic scale takes no step; got {step}.")
    if step is not None and not 0 < step <= high - low:
        raise ValueError(f"space of {key}: step must be within 0 and high - low; got {step}.")
    return Parameter(key, kind, low, high, log, step)
