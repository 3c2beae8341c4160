from __future__ import annotations

import math

import pytest

from softsym.reporting.number_format import duration, error, listing, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
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
    assert error(math.nan) == "-"
    assert error(0.0) == "0.000"
    assert duration(59.96) == "1 min 0 s"
    assert duration(math.nan) == "-"
    assert listing([]) == ""
    assert listing(["a", "b"]) == "a and b"
