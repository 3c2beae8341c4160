from __future__ import annotations

import math
import time

import numpy as np
from reporting_samples import EMPTY, history, summary

from softsym.reporting import StrengthRow
from softsym.reporting.symmetry_figures import (
    constraints_figure,
    penalties_figure,
    series,
    strengths_figure,
    thin,
)


def test_thinning_keeps_ends_and_extremes():
    y = np.random.default_rng(0).random(8000)
    kept = thin(y, 600)
    assert len(kept) <= 602
    assert kept[0] == 0
    assert kept[-1] == 7999
    assert y[kept].max() == y.max()
    assert y[kept].min() == y.min()
    assert (np.diff(kept) > 0).all()
    assert len(thin(y[:10], 600)) == 10


def test_long_runs_are_drawn_fast_and_thin():
    run = summary(history=history(8000, 2000), adjusted_at=2000)
    start = time.perf_counter()
    figures = [strengths_figure(run), penalties_figure(run)]
    assert time.perf_counter() - start < 5
    for figure in figures:
        assert figure.axes[0].get_yscale() == "log"
        assert all(len(line.get_xdata()) <= 602 for line in figure.axes[0].lines)


def test_what_a_logarithmic_axis_cannot_show_is_said():
    (ax,) = strengths_figure(summary()).axes
    drawn = {line.get_label(): len(line.get_xdata()) for line in ax.lines}
    assert drawn["O(3): 0 throughout"] == 0
    partial = summary(history=(StrengthRow(0, "xy", 1.0, 1.0), StrengthRow(1, "xy", 1.0, 1.0)))
    assert [line.get_label() for line in strengths_figure(partial).axes[0].lines[:-1]] == [
        "O(2)@xy"
    ]
    rows = [StrengthRow(e, "a", 1.0, p) for e, p in enumerate((1.0, math.nan, 0.0, math.inf, 2.0))]
    epochs, values = series(summary(history=tuple(rows)), "penalty")["a"]
    assert epochs.tolist() == [0, 4]
    assert values.tolist() == [1, 2]


def test_a_line_marks_the_adjustment():
    def texts(run):
        return [text.get_text() for text in strengths_figure(run).axes[0].texts]

    assert texts(summary()) == ["adjusted"]
    assert texts(summary(adjusted_at=None)) == []


def test_one_epoch_is_seen_as_points():
    (ax,) = penalties_figure(summary(history=history(1))).axes
    assert {line.get_marker() for line in ax.lines if len(line.get_xdata()) == 1} == {"o"}


def test_constraints_are_drawn_over_their_tolerance_beside_prices():
    rows = [
        StrengthRow(e, name, 1.0, 1.0, asymmetry=a / (e + 1), tolerance=0.1, price=price)
        for e in range(5)
        for name, a, price in (("xy", 0.5, 2.0), ("yz", 0.2, 0.0))
    ]
    left, right = constraints_figure(summary(history=tuple(rows))).axes
    drawn = {line.get_label(): line.get_ydata() for line in left.lines}
    np.testing.assert_allclose(drawn["O(2)@xy"], [5, 2.5, 5 / 3, 1.25, 1])
    low, high = left.get_ylim()
    assert low < 0.4  # the least of yz
    assert high > 5
    assert [line.get_label() for line in right.lines] == ["O(2)@xy"]  # a price of 0 has no place
    assert constraints_figure(summary()) is None
    unpriced = [row._replace(price=0.0) for row in rows]
    assert constraints_figure(summary(history=tuple(unpriced))).axes[1].lines[:] == []


def test_nothing_to_draw():
    assert strengths_figure(EMPTY) is None
    zero = (StrengthRow(0, "a", 0.0, 0.0),)
    assert penalties_figure(summary(history=zero)) is None
