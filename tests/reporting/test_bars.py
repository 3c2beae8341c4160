from __future__ import annotations

import math

from reporting_samples import EMPTY, summary

from softsym.reporting import SymmetryResult
from softsym.reporting.symmetry_figures import equivariance_figure


def drawn(*results):
    return equivariance_figure(summary(symmetries=results))


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_two_bars_per_symmetry_from_zero():
    figure = equivariance_figure(summary())
    (ax,) = figure.axes
    assert len(ax.patches) == 8
    assert ax.get_xlim()[0] == 0
    assert [label.get_text() for label in ax.get_yticklabels()][3] == "O(3)"
    assert legend(figure) == ["data", "model"]


def test_floor_is_marked():
    figure = drawn(SymmetryResult("a", "A", 1.0, 1.0, 0.1, 0.3, 0.25))
    assert legend(figure) == ["data", "model", "noise alone"]
    assert figure.axes[0].lines[0].get_xdata()[0] == 0.25


def test_missing_errors_are_left_out():
    figure = drawn(
        SymmetryResult("a", "A", 1.0, 1.0, 0.0),
        SymmetryResult("b", "B", 1.0, 1.0, math.nan, None),
    )
    assert len(figure.axes[0].patches) == 1
    assert legend(figure) == ["model"]
    assert equivariance_figure(EMPTY) is None
