from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reporting_samples import EMPTY, moved_tracks, summary, tracks

from softsym.reporting.moved_scenes import best_plane, fans, moved_scenes_figure, relative_errors


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


@pytest.mark.parametrize("track_dim", [2, 3])
def test_a_row_for_each_sample_and_a_column_for_each_symmetry(track_dim):
    figure = moved_scenes_figure(summary(predictions=moved_tracks(track_dim)))
    assert len(figure.axes) == 6
    assert [ax.get_subplotspec().colspan.start for ax in figure.axes] == [0, 0, 0, 1, 1, 1]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["observed", "true", "moved, answered, carried back", "predicted"]
    for ax in figure.axes:
        assert ax.get_aspect() == 1
        assert ax.texts[0].get_text().endswith(" m")


def test_titles_say_which_group_and_how_far_apart():
    predictions = moved_tracks(names=("xy", "unknown"))
    figure = moved_scenes_figure(summary(predictions=predictions))
    assert titles(figure)[:3] == ["O(2)@xy\nfan 0 m (0%)", "fan 0 m (0%)", "fan 0 m (0%)"]
    first, second, _ = titles(figure)[3:]
    assert first.startswith("unknown\nfan 0.2")
    share = 100 * relative_errors(predictions, "unknown")[1]
    assert second == f"fan {fans(predictions, 'unknown')[1]:.3g} m ({share:.3g}%)"


def test_a_fan_is_the_mean_distance_in_metres_and_half_its_square_a_share_of_the_spread():
    predictions = moved_tracks(names=("xy",))
    apart = np.zeros((3, 4, 30, 2))
    apart[0, :2] = [3.0, 4.0]
    apart[2] = [0.0, 1.0]
    answers = predictions.outputs[predictions.moved_samples][:, None] + apart.reshape(3, 4, 60)
    predictions = replace(predictions, moved={"xy": answers})
    assert fans(predictions, "xy") == pytest.approx([2.5, 0.0, 1.0])
    spread = predictions.outputs.var(axis=0).sum()
    squares = np.array([30 * 25 / 2, 0.0, 30]) / 2
    shares = relative_errors(predictions, "xy")
    assert shares == pytest.approx(np.sqrt(squares / spread))
    moved = replace(predictions, outputs=predictions.outputs + 300, moved={"xy": answers + 300})
    assert relative_errors(moved, "xy") == pytest.approx(shares)


def test_every_answer_is_a_line_from_the_last_observed_position():
    predictions = moved_tracks()
    axes = moved_scenes_figure(summary(predictions=predictions)).axes
    for place, index in enumerate(predictions.moved_samples):
        now = predictions.inputs[index].reshape(-1, 2)[-1]
        fan = [line for line in axes[3 + place].lines if line.get_linewidth() == 0.9]
        for line, answer in zip(fan, predictions.moved["yz"][place], strict=True):
            assert np.allclose(line.get_xydata(), [now, *answer.reshape(-1, 2)])


def test_the_window_holds_every_answer():
    predictions = moved_tracks()
    for place, ax in enumerate(moved_scenes_figure(summary(predictions=predictions)).axes[3:]):
        points = predictions.moved["yz"][place].reshape(-1, 2)
        for bounds, values in zip((ax.get_xlim(), ax.get_ylim()), points.T, strict=True):
            assert bounds[0] < values.min()
            assert values.max() < bounds[1]


@pytest.mark.parametrize(("plane", "away"), [("xy", 2), ("xz", 1), ("yz", 0)])
def test_tracks_in_space_are_seen_where_the_fan_is_widest(plane, away):
    predictions = moved_tracks(3, names=("a",))
    apart = np.random.default_rng(0).standard_normal((3, 5, 30, 3))
    apart[..., away] = 0.0
    plain = predictions.outputs[predictions.moved_samples][:, None]
    predictions = replace(predictions, moved={"a": plain + apart.reshape(3, 5, 90)})
    assert best_plane(predictions, "a") == plane
    figure = moved_scenes_figure(summary(predictions=predictions))
    assert figure.axes[0].texts[1].get_text() == f"seen in {plane}"


def test_a_kept_symmetry_is_seen_from_above():
    assert best_plane(moved_tracks(3), "xy") == "xy"
    assert best_plane(moved_tracks(2), "yz") == "xy"


def test_many_symmetries_go_on_below():
    names = ("xy", "yz", "xz", "o3", "SO(3)*Scaling(3)*Reflect(3)")
    figure = moved_scenes_figure(summary(predictions=moved_tracks(names=names)))
    assert len(figure.axes) == 15
    assert max(ax.get_subplotspec().colspan.start for ax in figure.axes) == 2
    assert titles(figure)[-3].startswith("SO(3)*\nScaling(3)*\nReflect(3)\nfan")


def test_diverged_answers_are_said_not_to_be_finite():
    predictions = moved_tracks()
    predictions.moved["yz"][0, 3] = np.nan
    predictions.moved["yz"][1] = np.inf
    figure = moved_scenes_figure(summary(predictions=predictions))
    assert titles(figure)[3:5] == ["O(2)@yz\nfan not finite", "fan not finite"]
    figure.canvas.draw()


def test_nothing_to_draw():
    assert moved_scenes_figure(EMPTY) is None
    assert moved_scenes_figure(summary(predictions=tracks())) is None
    assert moved_scenes_figure(summary(predictions=replace(moved_tracks(), moved={}))) is None
    untyped = replace(moved_tracks(), track_dim=None)
    assert moved_scenes_figure(summary(predictions=untyped)) is None
