"""Remarks on strengths."""

from __future__ import annotations

import io
from dataclasses import replace

from reporting_samples import EMPTY, RESULTS, summary
from rich.console import Console

from softsym.reporting import StrengthRow, SymmetryResult, render_report, show
from softsym.reporting.environments import EnvironmentResult
from softsym.reporting.notes import notes

XY, YZ, XZ, O3 = RESULTS


def test_none_where_strengths_follow_the_data():
    assert notes(summary()) == []
    assert notes(EMPTY) == []
    assert notes(replace(summary(), test=None)) == []


def test_warns_where_a_broken_symmetry_is_stronger_than_one_that_holds():
    run = summary(symmetries=(replace(XY, strength=1.0), YZ, XZ, O3))
    (note,) = notes(run)
    assert "leaned more on O(2)@yz, which the data break, than on O(2)@xy, which they keep" in note
    assert note in render_report(run).replace("&#39;", "'")
    console = Console(file=io.StringIO(), width=80)
    show(run, "report.html", console)
    assert "Strengths and test disagree" in console.file.getvalue()


def test_undecided_and_watched_symmetries_do_not_count():
    """O(3) is broken but watched; xz is stronger than xy but undecided."""
    run = summary(symmetries=(replace(XY, strength=1.0), replace(YZ, strength=0.5), XZ, O3))
    assert notes(run) == []


def test_says_why_no_sample_was_moved():
    run = summary(unmoved={"xy": "no.", "yz": "no.", "o3": "labels."})
    assert notes(run) == [
        "No test error of moved samples for O(2)@xy and O(2)@yz: no. "
        "No test error of moved samples for O(3): labels."
    ]


def test_prices_with_their_meaning():
    rows = (
        StrengthRow(8, "xy", 2.0, 0.1, 0.5, 0.6, 1.0),
        StrengthRow(9, "xy", 3.0, 0.1, 0.04, 0.05, 7.0),
    )
    run = summary(symmetries=(SymmetryResult("xy", "O(2)@xy", 7.0, 0.1),), history=rows)
    (note,) = notes(run)
    assert note.startswith("Shadow prices: O(2)@xy 7, asymmetry 0.04 where 0.05 is tolerated.")
    assert "loss that one unit more of the penalty would buy" in note


def test_warns_where_the_test_is_unlike_the_environments_that_chose():
    folds = tuple(EnvironmentResult((name,), 9, score) for name, score in (("a", 0.1), ("b", 0.2)))
    run = replace(summary(), monitor="val/mse", environments=folds)
    (note,) = notes(replace(run, metrics={"test/mse": 1.1}))
    assert note.startswith("The test error is 1.1, and that of no held-out environment above 0.2")
    assert notes(replace(run, metrics={"test/mse": 0.5})) == []
    assert notes(replace(run, metrics={"test/mse": 1.1}, higher_is_better=True)) == []
    assert notes(replace(run, metrics={"test/mse": 1.1}, environments=())) == []
