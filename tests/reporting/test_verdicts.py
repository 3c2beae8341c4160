from __future__ import annotations

import pytest
from reporting_samples import RESULTS

from softsym.reporting import RunSummary, SymmetryResult, headline, verdict


def result(name="a", strength=1.0, penalty=1.0, *, model=None, data=None, floor=None):
    return SymmetryResult(name, name.upper(), strength, penalty, model, data, floor)


def run(*results, adjusted=True):
    return RunSummary("run", symmetries=results, adjusted_at=1 if adjusted else None)


def verdict_of(tested, *others, adjusted=True):
    return verdict(run(tested, *others, adjusted=adjusted), tested)


def test_verdicts_of_inertia():
    summary = run(*RESULTS)
    words = ["kept", "broken", "broken", "only watched; broken"]
    assert [verdict(summary, r) for r in RESULTS] == words


def test_headline_of_inertia():
    assert headline(run(*RESULTS)) == (
        "The data keep O(2)@xy (strength 100, 4.3 times the next). "
        "O(2)@yz, O(2)@xz and O(3) are broken."
    )


def test_headline_is_careful_where_the_data_do_not_decide():
    results = [result("a", 812.0, 0.1), result("b", 58.0, 5.0), result("c", 0.0)]
    assert headline(run(*results)) == (
        "The data seem to nearly keep A (strength 812, 14 times the next). "
        "B is broken. C is undecided."
    )


def test_headline_names_no_lead_of_a_broken_symmetry():
    results = [result("a", 9.0, data=0.5), result("b", 1.0, data=0.6)]
    assert headline(run(*results)) == "The data keep none of the candidates. A and B are broken."


@pytest.mark.parametrize("adjusted", [True, False])
def test_nothing_is_claimed_before_the_strengths_are_tuned(adjusted):
    a, b = result("a", 1.0, 0.1, model=0.01), result("b", 1.0, 0.5, model=0.3)
    assert verdict_of(a, b, adjusted=adjusted) == "undecided: strengths not tuned"
    assert verdict_of(b, a, adjusted=adjusted) == (
        "undecided: strengths not tuned, penalty 5 times the smallest"
    )
    said = headline(run(a, b, adjusted=adjusted))
    assert said.startswith("Nothing can be said yet about A and B")


def test_undecided_says_why():
    lone = verdict_of(result(strength=3.0))
    assert lone == "undecided: nothing to compare its strength with"
    assert verdict_of(result("w", 0.0)) == "only watched; undecided: not measured yet"
    a, b = result("a", 100.0, 0.1), result("b", 80.0, 0.11)
    assert verdict_of(a, b) == "undecided: no error measured yet"
    assert headline(run(a, b)) == "What was measured does not decide about A and B."
    a, b = result("a", 100.0, model=0.5), result("b", 1.0)
    assert verdict_of(a, b) == "undecided: the signs disagree"


def test_model_and_data_that_differ_are_told():
    assert verdict_of(result(data=0.0, model=0.3)) == "kept; the model has not learnt it"
    assert verdict_of(result(data=0.0, model=0.06)) == "kept; the model keeps it partly"
    assert verdict_of(result(data=0.5, model=0.01)) == "broken; the model keeps it all the same"


def test_headline_without_symmetries():
    assert headline(run()) == "No symmetry was measured."
