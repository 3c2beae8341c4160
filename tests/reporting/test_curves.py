from __future__ import annotations

import math
import time

import numpy as np
from reporting_samples import EMPTY, history, summary

from softsym.reporting import StrengthRow
from softsym.reporting.symmetry_figures import penalties_figure, series, strengths_figure, thin


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


def test_nothing_to_draw():
    assert strengths_figure(EMPTY) is None
    zero = (StrengthRow(0, "a", 0.0, 0.0),)
    assert penalties_figure(summary(history=zero)) is None
