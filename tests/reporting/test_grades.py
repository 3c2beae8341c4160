from __future__ import annotations

import math

import pytest
from reporting_samples import RESULTS

from softsym.reporting import Grade, SymmetryResult, grade
from softsym.reporting.grades import decided_by_data, error_grade, relative_penalty, strengths_tell


def result(name="a", strength=1.0, penalty=1.0, *, model=None, data=None, floor=None):
    return SymmetryResult(name, name.upper(), strength, penalty, model, data, floor)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(0.0, Grade.KEPT), (0.03, Grade.NEARLY), (0.1, Grade.PARTLY), (0.4, Grade.BROKEN)],
)
def test_known_function_decides(error, expected):
    assert error_grade(error) is expected
    assert grade(result(data=error), [result()]) is expected


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_missing_errors_have_no_grade(missing):
    assert error_grade(missing) is None
    assert decided_by_data(result(data=missing)) is None


@pytest.mark.parametrize(
    ("error", "floor", "expected"),
    [
        (0.05, 0.05, Grade.KEPT),
        (0.55, 0.22, Grade.BROKEN),
        # So much noise hides a breaking of 0.1 and more.
        (0.30, 0.30, None),
        (0.24, 0.22, None),
        (0.40, math.nan, Grade.BROKEN),
    ],
)
def test_estimate_decides_only_above_its_noise(error, floor, expected):
    assert decided_by_data(result(data=error, floor=floor)) is expected


def test_inertia_is_graded_as_it_was_made():
    broken = [Grade.BROKEN] * 3
    assert [grade(r, RESULTS) for r in RESULTS] == [Grade.KEPT, *broken]


@pytest.mark.parametrize("strengths", [(1.0, 1.0), (1.0, 0.0)])
def test_equal_or_lone_strengths_say_nothing(strengths):
    results = [result("a", strengths[0], 0.1, model=0.0), result("b", strengths[1], 9.0)]
    assert not strengths_tell(results)
    assert grade(results[0], results) is Grade.UNDECIDED


def test_strengths_set_by_hand_say_nothing():
    results = [result("a", 100.0, 0.1, model=0.0), result("b", 1.0, 9.0, model=0.5)]
    assert [grade(r, results) for r in results] == [Grade.KEPT, Grade.BROKEN]
    assert {grade(r, results, adjusted=False) for r in results} == {Grade.UNDECIDED}


def test_model_that_contradicts_its_strength_leaves_it_open():
    results = [result("a", 100.0, 0.1, model=0.4), result("b", 1.0, 9.0, model=0.001)]
    assert [grade(r, results) for r in results] == [Grade.UNDECIDED, Grade.UNDECIDED]


def test_strengths_alone_need_a_second_sign_to_call_it_broken():
    apart = [result("a", 100.0, 0.1), result("b", 30.0, 0.2), result("c", 1.0, 1.0)]
    assert [grade(r, apart) for r in apart] == [Grade.NEARLY, Grade.PARTLY, Grade.BROKEN]
    alike = [result("a", 100.0, 0.1), result("c", 1.0, 0.11)]
    assert grade(alike[1], alike) is Grade.PARTLY
    # The best of candidates that are all alike may be bad.
    close = [result("a", 100.0, 0.1), result("b", 80.0, 0.11)]
    assert grade(close[0], close) is Grade.UNDECIDED


def test_noisy_data_bound_what_the_model_may_claim():
    strong, weak = result("a", 100.0, model=0.02, data=0.24, floor=0.22), result("b", 1.0)
    assert grade(strong, [strong, weak]) is Grade.NEARLY
    denied = result("b", 1.0, 9.0, model=0.4, data=0.24, floor=0.22)
    assert grade(denied, [strong, denied]) is Grade.UNDECIDED


def test_watching_symmetry_is_graded_by_the_model():
    watching = result("w", 0.0, model=0.005)
    assert grade(watching, [watching]) is Grade.KEPT
    assert grade(result("w", 0.0), [watching]) is Grade.UNDECIDED


def test_numbers_that_are_none_do_not_stop_it():
    results = [SymmetryResult("a", "A", *[math.nan] * 5), result("b")]
    assert grade(results[0], results) is Grade.UNDECIDED
    assert relative_penalty(results[0], results) is None
    assert relative_penalty(result(penalty=3.0), results) == 3.0
