"""Axes for numbers on any scale, and for words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from softsym.reporting.words import number

FEW = 4


@dataclass(frozen=True)
class Axis:
    """Where values stand on an axis.

    Attributes:
        places: One for each value.
        ticks: Places with a label; None leaves them to the figure.
        texts: The labels.
    """

    places: list[float]
    ticks: list[float] | None = None
    texts: list[str] | None = None


def axis_of(values: Sequence[Any], to_the_ends: bool = False) -> Axis:
    """Few different values, or words, at equal distances; many numbers on a scale.

    The scale is logarithmic where numbers span more than a factor of ten.

    Args:
        values: Numbers or words.
        to_the_ends: Put the labels of a scale from end to end, not at round numbers.

    Example:
        >>> axis_of(["b", "a", "b"]).texts, axis_of([1.0, 8.0, 8.0]).places
        (['b', 'a'], [0, 1, 1])
    """
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    distinct = sorted(set(values)) if numeric else list({repr(v): v for v in values}.values())
    if not numeric or len(distinct) <= FEW:
        places = {repr(value): place for place, value in enumerate(distinct)}
        texts = [number(v) if isinstance(v, float) else str(v) for v in distinct]
        return Axis([places[repr(v)] for v in values], list(range(len(distinct))), texts)
    low, high = distinct[0], distinct[-1]
    if low > 0 and high > 10 * low:
        ratio = (high / low) ** 0.25
        marks = [low * ratio**i for i in range(5)] if to_the_ends else round_numbers(low, high)
        places_of_marks = [math.log10(mark) for mark in marks]
        return Axis([math.log10(v) for v in values], places_of_marks, [number(m) for m in marks])
    return Axis([float(v) for v in values])


def round_numbers(low: float, high: float) -> list[float]:
    """Round numbers between two, for a logarithmic scale; three and more where there are.

    Example:
        >>> round_numbers(0.15, 30), round_numbers(1e-6, 1e-2)
        ([0.3, 1.0, 3.0, 10.0, 30.0], [1e-06, 1e-05, 0.0001, 0.001, 0.01])
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 6)):
        marks = [float(f"{digit}e{decade}") for decade in decades for digit in digits]
        inside = [m for m in marks if low * 0.999 <= m <= high * 1.001]
        if len(inside) >= 3:
            break
    return inside
