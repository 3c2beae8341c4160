"""Environments that agree or disagree, in words, tables and pictures."""

from __future__ import annotations

import math

import pytest
from reporting_samples import Page, summary, symmetry_test
from reporting_samples import tested as found

from softsym.metrics import SymmetryTest
from softsym.reporting import render_report
from softsym.reporting.environments import (
    EnvironmentResult,
    disagreements,
    environment_rows,
    metrics_of,
    pooled_test,
)
from softsym.reporting.symmetry_figures import environments_figure
from softsym.reporting.verdicts import headline

HOLDS = found("O(2)@xy", 0.4, 0.0, 0.02, "holds within 2%")
BROKEN = found("O(2)@xy", 1e-9, 0.2, 0.4, "broken by 20% to 40% (p = 1e-09)")
OPEN = found("O(2)@xy", 0.2, 0.0, 0.3, "undecided, at most 30%")


def fold(name, verdict, r2=(0.9, 0.8, 0.95), score=1.0):
    settings = {"level": 0.05, "tolerance": 0.05}
    test = SymmetryTest({"xy": verdict}, settings, {}, {"all": r2})
    return EnvironmentResult((name,), 40, score, {"xy": 2.0}, test)


FOLDS = (fold("ann", HOLDS), fold("bob", BROKEN, score=3.0), fold("cem", HOLDS), fold("dan", OPEN))


def test_the_verdict_is_that_of_a_typical_environment_and_names_the_others():
    test, untested = pooled_test(FOLDS)
    assert untested == ""
    assert test["xy"].verdict.startswith("undecided")
    assert pooled_test(FOLDS[:3])[0]["xy"].verdict.startswith("holds")
    assert "broken in bob (by 20% to 40%), by at most 2.0% in ann and cem" in test["xy"].note
    assert "of 4 folds" in test["xy"].note
    assert test["xy"].n == 4 * HOLDS.n
    assert test.explained["all"] == (0.9, 0.8, 0.95)


def test_the_headline_says_who_disagrees():
    run = summary(environments=FOLDS)
    said = (
        "Environments disagree on O(2)@xy: broken in bob (by 20% to 40%), by at most 2.0% in ann "
        "and cem."
    )
    assert headline(run).endswith(said)
    assert "disagree" not in headline(summary(environments=(FOLDS[0], FOLDS[2], FOLDS[3])))
    assert "disagree" not in headline(summary(environments=(FOLDS[1], FOLDS[3])))


def test_a_model_that_explains_nothing_says_nothing():
    lost = fold("bob", BROKEN, r2=(-0.2, -0.5, 0.1))
    assert disagreements([FOLDS[0], lost], {"xy": "xy"}) == []
    assert lost.verdicts["xy"].verdict.startswith("no verdict")
    test, _ = pooled_test([FOLDS[0], lost, lost])
    assert test["xy"].verdict.startswith("no verdict")


def test_undecided_environments_disagree_where_their_bounds_do():
    low = found("O(2)@xy", 0.3, 0.0, 0.12, "undecided, at most 12%")
    said = disagreements([fold("ann", low), FOLDS[1]], {"xy": "xy"})
    assert said == [
        "Environments disagree on xy: broken in bob (by 20% to 40%), by at most 12% in ann."
    ]
    assert disagreements([FOLDS[3], FOLDS[1]], {"xy": "xy"}) == []


def test_chance_in_one_of_many_environments_is_no_disagreement():
    weak = found("O(2)@xy", 0.02, 0.05, 0.2, "broken by 5% to 20% (p = 0.02)")
    kept = [fold(f"e{k}", HOLDS) for k in range(4)]
    assert disagreements([kept[0], fold("odd", weak)], {"xy": "xy"}) != []
    assert disagreements([*kept, fold("odd", weak)], {"xy": "xy"}) == []


def test_folds_that_were_not_tested_are_counted():
    test, _ = pooled_test([FOLDS[0], FOLDS[2], EnvironmentResult(("eve",), 4, 1.0, untested="few")])
    assert "1 of 3 folds could not be tested" in test["xy"].note


def test_untested_folds_give_the_reason():
    assert pooled_test([EnvironmentResult(("ann",), 4, 1.0, untested="too few")]) == (
        None,
        "too few",
    )


def test_metrics_hold_each_fold_and_their_mean():
    metrics = metrics_of(FOLDS, "val/mse")
    assert metrics["val/mse"] == pytest.approx(1.5)
    assert metrics["fold_1/val/mse"] == 3.0
    assert metrics["fold_1/symmetry/xy/estimate"] == pytest.approx(0.3)
    assert metrics_of([EnvironmentResult(("ann",), 4, math.nan)], "val/mse") == {}


def test_long_lists_of_environments_are_shortened():
    many = EnvironmentResult(tuple("abcdef"), 4, 1.0)
    assert many.label == "a, b and 4 more"
    assert EnvironmentResult(tuple("abc"), 4, 1.0).label == "a, b, c"


def test_page_and_picture_show_every_environment():
    run = summary(environments=FOLDS, monitor="val/mse", held_out="what folds held out")
    page = Page(render_report(run))
    text = " ".join(page.text)
    assert all(each.label in text for each in FOLDS)
    assert "held-out samples (what folds held out)" in text
    assert len(environment_rows(FOLDS)) == 4
    (axes,) = environments_figure(run).axes
    assert [tick.get_text() for tick in axes.get_yticklabels()][1] == "O(2)@xy, bob"
    plain = summary(test=symmetry_test())
    assert environments_figure(plain) is None
    assert "Held out" not in " ".join(Page(render_report(plain)).text)
