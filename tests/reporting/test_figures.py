from __future__ import annotations

from reporting_samples import EMPTY, moved_tracks, summary, tracks

from softsym.reporting import all_figures


def test_figures_without_data_are_left_out():
    assert all_figures(EMPTY) == {}
    keys = ["breaks", "moved_test", "strengths", "penalties", "predictions"]
    assert list(all_figures(summary())) == keys
    assert list(all_figures(summary(predictions=tracks()))) == [*keys, "tracks"]
    moved = all_figures(summary(predictions=moved_tracks()))
    assert list(moved) == [*keys, "tracks", "moved_scenes"]
    bare = summary(history=(), predictions=None, metrics={})
    assert list(all_figures(bare)) == ["breaks"]
