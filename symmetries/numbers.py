"""Checks numbers that users give as settings."""

from __future__ import annotations

import math
import sys


def require_whole(name: str, value: object, least: int = 1) -> int:
    """Returns a whole number that is large enough.

    Raises:
        ValueError: If it is anything else; true and false count as no numbers.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}; got {value!r}.")
    return value


def require_number(name: str, value: object, least: float = 0.0, above: bool = False) -> float:
    """Returns a finite number of at least ``least``, or ``above`` it.

    Raises:
        ValueError: If it is anything else; NaN, infinity, true and false count as no numbers.
    """
    number = math.nan
    if isinstance(value, int | float) and not isinstance(value, bool):
        # 10**400 is a whole number beyond the largest floating-point number
        number = float(value) if abs(value) <= sys.float_info.max else math.nan
    if number > least or (number == least and not above):
        return number
    allowed = f"finite number above {least:g}" if above else f"number of at least {least:g}"
    raise ValueError(f"{name} must be a {allowed}; got {value!r}.")
