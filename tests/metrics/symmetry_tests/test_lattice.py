"""Subgroups, Holm's correction, and bounds that travel between groups."""

import pytest

from softsym.metrics.symmetry_tests.lattice import closed, holm, is_subgroup
from softsym.metrics.symmetry_tests.statistics import Numbers
from softsym.symmetries import group

SUBGROUPS = [
    ("SO(3)", "O(3)"),
    ("O(2)@xy", "O(3)"),
    ("C(4)@xy", "SO(2)@xy"),
    ("C(2)", "C(4)"),
    ("SO(3)", "SO(3)*Scaling(3)"),
    ("Z(3)", "S(3)"),
    ("Reflect(3)", "O(3)"),
    ("SO(2)@xy", "SL(3)"),
]
OTHERS = [
    ("O(3)", "SO(3)"),
    ("O(2)@xy", "O(2)@yz"),
    ("SO(2)", "C(5)"),
    ("C(3)", "C(4)"),
    ("Scaling(3)", "SL(3)"),
    ("Reflect(3)", "SO(3)"),
    ("O(5)", "SO(5)"),
    ("S(5)", "SO(5)"),
    ("Reflect(5)", "SL(5)"),
    ("O(3)", "SO(3)*Scaling(3)"),
]


@pytest.mark.parametrize(("small", "large"), SUBGROUPS)
def test_subgroups_are_recognised(small, large):
    assert is_subgroup(group(small), group(large))


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_others_are_not_subgroups(one, other):
    assert not is_subgroup(group(one), group(other))


def test_holm_multiplies_by_what_is_left_and_keeps_the_order():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06}
    )


def test_bounds_travel_along_the_lattice():
    groups = {"O(3)": group("O(3)"), "xy": group("O(2)@xy")}
    found = {
        "O(3)": Numbers(p=0.2, lower=0.0, upper=0.3, estimate=0.1, alpha=1, alpha_error=0.1),
        "xy": Numbers(p=1e-9, lower=0.2, upper=0.5, estimate=0.3, alpha=0, alpha_error=0.1),
    }
    bounds = closed(groups, found, 0.05, 0.05)
    assert bounds["O(3)"].lower == 0.2
    assert bounds["xy"].upper == 0.3
    assert bounds["O(3)"].p_holm < 0.05
    assert "its subgroup xy" in bounds["O(3)"].note


def test_a_contradiction_is_named():
    groups = {"O(3)": group("O(3)"), "xy": group("O(2)@xy")}
    found = {
        "O(3)": Numbers(p=0.9, lower=0.0, upper=0.1, estimate=0.0, alpha=1, alpha_error=0.1),
        "xy": Numbers(p=1e-9, lower=0.2, upper=0.5, estimate=0.3, alpha=0, alpha_error=0.1),
    }
    assert "contradiction" in closed(groups, found, 0.05, 0.05)["O(3)"].note


def test_a_group_under_two_names_is_one_hypothesis():
    twice = {"a": group("SO(2)"), "b": group("SO(2)"), "c": group("Reflect(2)")}
    found = {name: Numbers(0.02, 0.1, 0.9, 0.3, 1.0, 0.1) for name in twice}
    assert {bounds.p_holm for bounds in closed(twice, found, 0.05, 0.05).values()} == {0.04}
