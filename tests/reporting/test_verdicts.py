"""Headlines and verdicts are those of the symmetry test, never of strengths."""

from __future__ import annotations

from dataclasses import replace

from reporting_samples import RESULTS, summary, symmetry_test

from softsym.reporting import headline, verdict


def test_verdicts_are_those_of_the_test():
    run = summary()
    assert verdict(run, RESULTS[0]) == "holds within 1.9%"
    assert verdict(run, RESULTS[3]) == "broken by 50% to 60% (p = 1e-50)"


def test_the_headline_says_how_nearly_and_how_sure():
    assert headline(summary()) == (
        "O(2)@xy holds within 1.9%; O(2)@yz is broken by 41% to 54% (p < 1e-100); O(3) is broken "
        "by 50% to 60% (p = 1e-50); O(2)@xz: undecided, at most 30%. The model explains 98% of the "
        "held-out variance."
    )


def test_strengths_change_no_verdict():
    other = tuple(replace(result, strength=1 / (1 + result.strength)) for result in RESULTS)
    assert headline(summary(symmetries=other)) == headline(summary())


def test_a_model_that_explains_nothing_says_nothing():
    said = headline(summary(test=symmetry_test(r2=(-0.02, -0.1, 0.06))))
    assert said.startswith("The model explains nothing of the held-out targets (R2 = -0.02")
    assert "broken" not in said


def test_who_explains_the_targets_is_said():
    test = symmetry_test()
    test.settings["predictor"] = "kernel ridge regression"
    said = headline(summary(test=test))
    assert said.endswith(
        "A regression on these samples, not the model, explains 98% of the held-out variance."
    )


def test_a_missing_test_is_explained():
    assert headline(summary(test=None, untested="too few samples.")) == (
        "Nothing can be said about O(2)@xy, O(2)@yz, O(2)@xz and O(3): too few samples."
    )
    assert verdict(summary(test=None), RESULTS[0]) == "not tested"


def test_headline_without_symmetries():
    assert headline(summary(symmetries=(), test=None)) == "No symmetry was measured."
