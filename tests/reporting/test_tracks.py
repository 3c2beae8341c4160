from __future__ import annotations

import numpy as np
import pytest
from reporting_samples import EMPTY, matrices, summary, tracks

from softsym.reporting import Predictions
from softsym.reporting.tracks import round_length, sample_tracks, tracks_figure


def test_displacement_is_in_the_units_of_the_tracks():
    zero = np.zeros((2, 6))
    p = Predictions(zero, zero, zero + [3.0, 4.0] * 3, {}, track_dim=2)
    assert np.allclose(p.displacement(p.outputs), np.full((2, 3), 5.0))


def test_samples_run_from_best_to_worst():
    zero = np.zeros((20, 6))
    outputs = np.random.default_rng(0).permutation(20)[:, None] * np.ones((20, 6))
    chosen = sample_tracks(Predictions(zero, zero, outputs, {}, track_dim=2), 5)
    assert outputs[chosen, 0].tolist() == [0, 5, 10, 14, 19]


@pytest.mark.parametrize("track_dim", [2, 3])
def test_every_path_is_drawn_on_equal_axes(track_dim):
    figure = tracks_figure(summary(predictions=tracks(2000, track_dim)))
    assert len(figure.axes) == 6
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["observed", "constant velocity", "true", "predicted"]
    for ax in figure.axes:
        assert ax.get_aspect() == 1
        assert ax.texts[0].get_text().endswith(" m")
        future = ax.lines[1].get_xydata()
        assert np.allclose(future[0], ax.lines[0].get_xydata()[-1])


def test_vehicle_at_rest_and_single_sample():
    zero = np.zeros((1, 4))
    figure = tracks_figure(summary(predictions=Predictions(zero, zero, zero, {}, track_dim=2)))
    assert figure.axes[0].texts[0].get_text() == "0.2 m"


def test_round_length():
    assert [round_length(x) for x in (1.0, 4.9, 5.0, 0.03, 999.0)] == [1, 2, 5, 0.02, 500]


def test_nothing_to_draw():
    assert tracks_figure(EMPTY) is None
    assert tracks_figure(summary(predictions=matrices())) is None
    assert tracks_figure(summary(predictions=tracks(0))) is None
    nan = np.full((3, 4), np.nan)
    run = summary(predictions=Predictions(nan, nan, nan, {}, track_dim=2))
    assert tracks_figure(run) is None
