"""Checks of single settings of callbacks and of the module."""

from __future__ import annotations

import math
from numbers import Real


def require_number(name: str, value: object, positive: bool = False) -> None:
    """Raises a ValueError unless the setting is a finite number of at least, or more than, 0."""
    number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not number or value < 0 or (positive and value == 0):  # type: ignore[operator]
        bound = "more than 0" if positive else "at least 0"
        raise ValueError(f"{name} must be a finite number of {bound}; got {value!r}.")
