from __future__ import annotations

import math

import pytest

from softsym.reporting.number_format import duration, error, listing, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (811.6, "812"),
        (0.01234, "0.0123"),
        (0.0, "0"),
        (1.5e-7, "1.5e-7"),
        (123456.0, "1.23e5"),
        (None, "-"),
        (999.9, "1000"),
        (-0.5, "-0.5"),
        (100.0, "100"),
        (math.inf, "inf"),
        (math.nan, "-"),
        (1e-9, "1e-9"),
    ],
)
def test_number(value, text):
    assert number(value) == text


def test_others():
    texts = [error(v) for v in (0.31415, 0.0123, 3e-8, 0.0, None, math.nan)]
    assert texts == ["0.314", "0.012", "<0.001", "0.000", "-", "-"]
    times = [duration(s) for s in (8.25, 59.96, 75, 7500)]
    assert times == ["8.2 s", "1 min 0 s", "1 min 15 s", "2 h 5 min"]
    assert duration(math.nan) == "-"
    assert listing([]) == ""
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
