"""What a user loses if the world turns, in numbers and as a chart."""

from __future__ import annotations

import math

from reporting_samples import EMPTY, MOVED, Page, summary

from softsym.reporting import render_report
from softsym.reporting.moved_test import moved_errors, moved_figure, moved_scores

SHARES = {f"test/moved/{n}/accuracy": v for n, v in {"xy": 0.9, "yz": 0.3}.items()}


def test_changes_are_relative_to_the_untouched_test_set():
    found = moved_errors(summary())
    assert (found.metric, found.untouched) == ("mse", 0.0123)
    assert [found.change(n) for n in ("xy", "yz", "xz")] == ["+2.44%", "x 25.2", "+700%"]
    assert found.change("none") == ""


def test_a_change_of_what_is_not_positive_is_not_told():
    for untouched in (0.0, -1.0, math.nan):
        run = summary(metrics={"test/mse": untouched, **MOVED})
        assert moved_errors(run).change("xy") == ""
    lost = summary(metrics={"test/mse": 1.0, "test/moved/xy/mse": math.nan})
    assert moved_errors(lost).change("xy") == ""
    assert moved_figure(lost) is None


def test_without_moved_samples_there_is_nothing():
    for run in (EMPTY, summary(metrics={"test/mse": 1.0}), summary(metrics=MOVED)):
        assert moved_errors(run) is None
        assert moved_figure(run) is None
    assert moved_scores(EMPTY).rows == ()


def test_a_bar_for_each_symmetry_and_a_line_for_the_untouched():
    (ax,) = moved_figure(summary()).axes
    assert [bar.get_width() for bar in ax.patches] == [0.0126, 0.31, 0.0984, 0.2]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)",
    ]  # fmt: skip
    assert ax.lines[0].get_xdata()[0] == 0.0123
    texts = [text.get_text() for text in ax.texts]
    assert texts[0] == "0.0126 (+2.44%)"
    assert texts[-1] == "untouched 0.0123"
    assert ax.get_xlim()[0] == 0


def test_the_direction_of_a_metric_is_said():
    metrics = {"test/accuracy": 0.95, "val/accuracy": 0.9, **SHARES}
    run = summary(metrics=metrics, monitor="val/accuracy", higher_is_better=True)
    (ax,) = moved_figure(run).axes
    assert ax.get_xlabel() == "test accuracy (higher is better) of the moved test set"
    assert moved_errors(run).change("yz") == "-68.4%"


def test_all_metrics_have_a_table_if_there_are_several():
    metrics = {"test/mse": 1.0, "test/accuracy": 0.95, "test/other": 3.0, **MOVED, **SHARES}
    table = moved_scores(summary(metrics=metrics))
    assert table.columns == ("untouched", "O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)")
    assert table.rows == (
        ("test/mse", (1.0, *MOVED.values())),
        ("test/accuracy", (0.95, 0.9, 0.3, None, None)),
    )
    assert "Metrics of the moved test set" in render_report(summary(metrics=metrics))
    assert "Metrics of the moved test set" not in render_report(summary())


def test_the_page_says_what_the_number_means_where_it_stands():
    page = Page(render_report(summary()))
    titles = [value for tag, name, value in page.attributes if (tag, name) == ("th", "title")]
    text = " ".join(" ".join(page.text).split())
    honest = "where the data break it, a world that itself turns has other targets than these"
    assert honest in titles[0]
    assert text.count(honest) == 2  # under the table and under the title of the chart
    assert "Test mse if moved, beside 0.0123 untouched" in text
