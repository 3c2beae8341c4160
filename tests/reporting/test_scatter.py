from __future__ import annotations

import numpy as np
import pytest
from reporting_samples import EMPTY, matrices, summary, tracks

from softsym.reporting import Predictions
from softsym.reporting.scatter import POINTS, fit_text, panels, predictions_figure


def test_a_panel_per_component():
    figure = predictions_figure(summary(predictions=matrices(3000)))
    assert len(figure.axes) == 9
    assert sum(len(ax.lines[1].get_xdata()) for ax in figure.axes) <= POINTS
    assert figure.axes[2].get_title(loc="left").startswith("component 2\nconstant, RMSE 0.")


def test_tracks_pool_the_times():
    drawn = panels(tracks(5))
    assert [title for title, *_ in drawn] == ["x (m)", "y (m)"]
    assert drawn[0][1].shape == (150,)


def test_many_components_are_pooled():
    a = np.ones((4, 13))
    assert [title for title, *_ in panels(Predictions(a, a, a, {}))] == ["all 13 components"]


def test_fit():
    target = np.arange(10.0)
    assert fit_text(target, target) == "R² 1.000"
    assert fit_text(target, np.full(10, 4.5)) == "R² 0.000"
    assert fit_text(np.ones(10), np.full(10, 1.5)) == "constant, RMSE 0.5"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_diverged_outputs_are_left_out(value):
    good = matrices(10)
    outputs = good.outputs.copy()
    outputs[:, 0] = value
    run = summary(predictions=Predictions(good.inputs, good.targets, outputs, {}))
    assert len(predictions_figure(run).axes) == 8
    outputs[:] = value
    assert predictions_figure(run) is None


def test_nothing_to_draw():
    assert predictions_figure(EMPTY) is None
    assert predictions_figure(summary(predictions=matrices(0))) is None
