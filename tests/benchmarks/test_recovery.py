"""The order of strengths against the truth."""

import math

import pytest

from benchmarks.grid.recovery import dial_points, recovery
from benchmarks.grid.results import PENALTY, read, summed_up
from benchmarks.grid.tables import HIDDEN, strengths_table


def one(make_run, strengths, truth, seed=0):
    names = {name: name.upper() for name in strengths}
    values = {f"strength/{name}": value for name, value in strengths.items()}
    run = make_run(
        seed=seed,
        metrics={"test/mse": 1.0} | values,
        candidates=names,
        truth={names[name]: word for name, word in truth.items()},
    )
    return recovery(summed_up(read([run]))[0])


def test_counts_pairs_over_seeds(two_seeds):
    found = recovery(summed_up(read(two_seeds))[0])
    assert (found.agreeing, found.pairs, found.score) == (1, 2, 0.5)
    assert found.wrong == (("xy", "yz"),)
    assert "o3" not in found.truth  # only watched


@pytest.mark.parametrize(
    ("strengths", "agreeing", "pairs"),
    [
        ({"a": 3.0, "b": 2.0, "c": 1.0}, 3, 3),
        ({"a": 1.0, "b": 2.0, "c": 3.0}, 0, 3),
        ({"a": 3.0, "b": 1.0, "c": 2.0}, 2, 3),
        ({"a": 1.0, "b": 1.0, "c": 1.0}, 0, 3),
    ],
)
def test_exact_above_approximate_above_broken(make_run, strengths, agreeing, pairs):
    truth = {"a": "exact", "b": "approximate", "c": "broken"}
    found = one(make_run, strengths, truth)
    assert (found.agreeing, found.pairs) == (agreeing, pairs)


def test_no_order_where_all_hold_alike(make_run):
    found = one(make_run, {"a": 1.0, "b": 2.0}, {"a": "exact", "b": "exact"})
    assert found.pairs == 0
    assert math.isnan(found.score)


def test_models_without_strengths_recover_nothing(two_seeds):
    assert recovery(summed_up(read(two_seeds))[1]) is None


def test_points_along_the_dials(make_dial_run):
    even = {"rotation": 4.0, "scale": 4.0, "reflection": 4.0}
    runs = [
        make_dial_run("dial_0", even, **{f"{PENALTY}{n}": 2.0 for n in even}),
        make_dial_run("dial_scale50", even | {"scale": 1.0}),
    ]
    points = dial_points(summed_up(read(runs)), "per")
    levels = [(p.dial, p.level, p.share, p.penalty) for p in points]
    assert levels == [
        ("reflection", 0.0, (1.0,), (2.0,)),
        ("rotation", 0.0, (1.0,), (2.0,)),
        ("scale", 0.0, (1.0,), (2.0,)),
        ("scale", 0.5, (0.25,), ()),
    ]
    assert dial_points(summed_up(read(runs)), "best") == []


def test_a_dial_whose_symmetry_took_no_part(make_dial_run):
    run = make_dial_run("dial_0", {"rotation": 1.0, "scale": 0.0, "reflection": 1.0})
    points = dial_points(summed_up(read([run])), "per")
    assert [p.dial for p in points] == ["reflection", "rotation"]


@pytest.mark.parametrize(("constant", "pairs"), [((), 3), (("A",), 1), (("B",), 1), (("C",), 1)])
def test_pairs_that_weights_say_nothing_of_are_left_out(make_run, constant, pairs):
    truth = {"A": "exact", "B": "approximate", "C": "broken"}
    run = make_run(
        metrics={"test/mse": 1.0, "strength/a": 3.0, "strength/b": 2.0, "strength/c": 1.0},
        candidates={"a": "A", "b": "B", "c": "C"},
        truth=truth,
        constant=constant,
    )
    (summary,) = summed_up(read([run]))
    found = recovery(summary)
    assert (found.agreeing, found.pairs, found.left_out) == (pairs, pairs, constant)
    text = strengths_table([summary])
    assert (HIDDEN in text) == bool(constant)
    assert all(f"{group} † " in text for group in constant)
