"""Checks of single settings of a datamodule, with messages that name the key to change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real


def require_choice(name: str, value: object, allowed: Sequence[str | None]) -> None:
    """Raises a ValueError unless the setting is one of the allowed values."""
    if value not in allowed:
        names = ", ".join("null" if choice is None else choice for choice in allowed)
        raise ValueError(f"datamodule.{name} must be one of {names}; got {value!r}.")


def require_number(
    name: str, value: object, low: float = -math.inf, high: float = math.inf
) -> None:
    """Raises a ValueError unless the setting is a finite number from ``low`` to ``high``."""
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not low <= value <= high:  # type: ignore[operator]
        bounds = "" if low == -math.inf else f" of at least {low:g}"
        bounds = bounds if high == math.inf else f" from {low:g} to {high:g}"
        raise ValueError(f"datamodule.{name} must be a finite number{bounds}; got {value!r}.")


def require_whole(name: str, value: object, least: int) -> None:
    """Raises a ValueError unless the setting is a whole number of at least ``least``."""
    if not isinstance(value, int) or value < least:
        raise ValueError(
            f"datamodule.{name} must be a whole number of at least {least}; got {value!r}."
        )
