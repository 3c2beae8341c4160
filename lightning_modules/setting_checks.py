"""Checks of single settings of callbacks and of the module."""

from __future__ import annotations

import math
from numbers import Real


def require_number(name: str, value: object, above: float) -> None:
    """Raises a ValueError unless the setting is a finite number above a bound."""
    if isinstance(value, bool) or not isinstance(value, Real) or not above < value < math.inf:
        raise ValueError(f"{name} must be a finite number of more than {above:g}; got {value!r}.")


def require_whole(name: str, value: object, least: int) -> None:
    """Raises a ValueError unless the setting is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}; got {value!r}.")
