"""Search spaces: the values that may be drawn for each key of train.py's config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, cast

from optuna import distributions
from optuna.distributions import BaseDistribution

from softsym.runs.errors import UserError

Choice = float | int | str | bool | None
ALLOWED = {
    "float": ("low", "high", "log", "step"),
    "int": ("low", "high", "log", "step"),
    "categorical": ("choices",),
}
"""Type of a parameter -> its settings."""


@dataclass(frozen=True)
class Parameter:
    """The values that may be drawn for one key or group of train.py's config."""

    key: str
    type: str  # float, int or categorical
    low: float = 0
    high: float = 0
    log: bool = False  # whether to draw on a logarithmic scale
    step: float | None = None  # distance between the numbers; None for any number
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
    """Parses a mapping such as ``{optimizer.lr: {type: float, low: 1e-4, high: 1e-2}}``."""
    if not isinstance(space, Mapping) or not space:
        raise UserError(
            "The space of a search maps keys of train.py's config to the values that may be "
            f"drawn, such as {{optimizer.lr: {{type: float, low: 1e-4, high: 1e-2}}}}; got {space}."
        )
    parameters = []
    for key, given in space.items():
        try:
            parameters.append(_parameter(str(key), given))
        except ValueError as error:
            raise UserError(f"space of {key}: {error}.") from None
    return tuple(parameters)


def _parameter(key: str, given: object) -> Parameter:
    if not isinstance(given, Mapping) or given.get("type") not in ALLOWED:
        raise ValueError(f"needs a type, one of {', '.join(ALLOWED)}; got {given}")
    kind = str(given["type"])
    strange = sorted(set(given) - {"type", *ALLOWED[kind]})
    if strange:
        takes = ", ".join(ALLOWED[kind])
        raise ValueError(f"{kind} has no {', '.join(strange)}; it takes {takes}")
    if kind == "categorical":
        return Parameter(key, kind, choices=_choices(given.get("choices")))
    return _numeric(key, kind, given)


def _choices(given: object) -> tuple[Choice, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ValueError(f"choices must be a list, such as [1, 2]; got {given}")
    strange = [c for c in given if not isinstance(c, bool | int | float | str | None)]
    if strange:
        raise ValueError(f"choices are numbers, words, true, false or null; got {strange[0]}")
    if len(set(map(repr, given))) < len(given):
        raise ValueError(f"choices appear twice in {list(given)}")
    return tuple(given)


def _numeric(key: str, kind: str, given: Mapping[str, Any]) -> Parameter:
    low, high, step = (given.get(name) for name in ("low", "high", "step"))
    for name, value in (("low", low), ("high", high), ("step", 1 if step is None else step)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise ValueError(f"{name} must be a number; got {value}")
        if kind == "int" and not float(value).is_integer():
            raise ValueError(f"{name} of an int must be whole; got {value}")
    low, high = cast("float", low), cast("float", high)
    log = given.get("log", False)
    for wrong, message in (
        (not isinstance(log, bool), f"log must be true or false; got {log}"),
        (not low < high, f"low must be less than high; got {low} and {high}"),
        (log and low <= 0, f"a logarithmic scale needs low > 0; got {low}"),
        (log and step is not None, f"a logarithmic scale takes no step; got {step}"),
        (
            step is not None and not 0 < step <= high - low,
            f"step must be within 0 and high - low; got {step}",
        ),
    ):
        if wrong:
            raise ValueError(message)
    return Parameter(key, kind, low, high, log, step)
