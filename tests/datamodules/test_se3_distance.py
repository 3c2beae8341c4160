"""Distances under rigid motions: reference values and symmetries."""

import math

import numpy as np
import pytest
import torch
from compliance.datamodules import SyntheticSuite

from softsym.datamodules.se3_distance import (
    KEPT_GROUPS,
    SE3Distance,
    distance_inputs,
    perturbed_distance,
)

CANDIDATES = ("SE(3)", "Rotation(3)", "Translation(3)")
SYMMETRIES = tuple(KEPT_GROUPS)
ROTATIONS, TRANSLATIONS = ("Rotation(3)",), ("Translation(3)",)


class TestSE3Distance(SyntheticSuite):
    variants = (
        ({"symmetry": "se3"}, CANDIDATES),
        ({"symmetry": "t3"}, TRANSLATIONS),
        ({"symmetry": "r3"}, ROTATIONS),
        ({"symmetry": "ball"}, ROTATIONS),
        ({"symmetry": "ball", "eps": -0.03}, ROTATIONS),
        ({"symmetry": "l1distance"}, TRANSLATIONS),
        ({"symmetry": "r3t3soft"}, ()),
        ({"symmetry": "rxy2"}, ()),
        ({"symmetry": "txy2"}, TRANSLATIONS),
        ({"symmetry": "txy2", "eps": 0.01}, TRANSLATIONS),
        ({"symmetry": "r3t3soft", "eps": 0.0}, CANDIDATES),
    )

    def make(self, **settings):
        return SE3Distance(
            **{"symmetry": "t3", "samples": 60, "batch_size": 20, "eps": 0.3} | settings
        )


def task(symmetry, eps=0.3):
    return TestSE3Distance().make(symmetry=symmetry, eps=eps)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_equals_the_reference(symmetry, reference):
    archive = reference("synthetic_tasks.npz")
    X, Y = (archive[f"se3|sym={symmetry}|noise=0.3|{part}"] for part in "XY")
    assert np.array_equal(distance_inputs(len(X)).numpy(), X)
    targets = perturbed_distance(torch.from_numpy(X), symmetry, 0.3)
    assert np.abs(targets.numpy() - Y).max() < 1e-4


def test_every_reference_task_is_here(reference):
    names = {key.split("|")[1] for key in reference("synthetic_tasks.npz") if key.startswith("se3")}
    assert names == {f"sym={symmetry}" for symmetry in SYMMETRIES}


def test_three_points_by_hand():
    # sides (3, -4, 0), (0, 4, 2), (-3, 0, -2)
    points = [[0.0, 0, 0, 1], [3, -4, 0, 1], [3, 0, 2, 1]]
    inputs = torch.tensor(points, dtype=torch.float64).view(1, 12)
    h = {
        "se3": 0,
        "t3": 7 + 6 + 3 * 5,
        "r3": 25 + 13,
        "ball": 0,
        "l1distance": 3,
        "r3t3soft": 28 + 38,
        "rxy2": 25 + 3 * 9,
        "txy2": 7 + 4 + 3 * 3,
    }
    distance = (5 + math.sqrt(20) + math.sqrt(13)) / 3
    for symmetry, value in h.items():
        actual = float(perturbed_distance(inputs, symmetry, 0.5))
        assert actual == pytest.approx(distance - 0.5 * value, abs=1e-12)
    moved = inputs + torch.tensor([0.0, 3, 4, 0]).repeat(3)
    ball = perturbed_distance(moved, "ball", 0.5) - perturbed_distance(moved, "se3", 0.5)
    assert float(ball) == pytest.approx(-2.5, abs=1e-12)


@pytest.mark.parametrize(
    ("symmetry", "eps", "words"),
    [
        ("se3", 0.3, ("exact", "exact", "exact")),
        ("t3", 0.3, ("broken", "broken", "exact")),
        ("t3", 0.01, ("approximate", "approximate", "exact")),
        ("r3", 0.3, ("broken", "exact", "broken")),
        ("ball", 0.3, ("approximate", "exact", "approximate")),
        ("l1distance", 0.3, ("broken", "broken", "exact")),
        ("r3t3soft", 0.3, ("broken", "approximate", "broken")),
        ("r3t3soft", 0.01, ("approximate", "approximate", "approximate")),
        ("rxy2", 0.3, ("broken", "broken", "broken")),
        ("txy2", 0.3, ("broken", "broken", "exact")),
    ],
)
def test_words(symmetry, eps, words):
    assert task(symmetry, eps).true_symmetries() == dict(zip(CANDIDATES, words, strict=True))


def test_true_groups():
    assert {s: task(s).true_group() for s in SYMMETRIES} == {
        "se3": "SE(3)",
        "t3": "Translation(3)",
        "r3": "Rotation(3)",
        "ball": "Rotation(3)",
        "l1distance": "Translation(3)*SO(2)@yz",
        "r3t3soft": "Trivial(4)",
        "rxy2": "SO(2)@xy",
        "txy2": "Translation(3)",
    }
    assert task("r3t3soft", 0.0).true_group() == "SE(3)"


@pytest.mark.parametrize("axis", ["SO(2)@xy", "SO(2)@xz"])
def test_only_turns_about_x_are_kept_with_the_distance_along_x(axis):
    assert TestSE3Distance().error(task("l1distance"), axis) > 0.1


def test_the_fourth_coordinate_is_one_everywhere():
    for ood in ("shift", "sign"):
        data = TestSE3Distance().make(ood=ood)
        data.setup()
        for inputs, _ in data.splits.values():
            assert (inputs[:, 3::4] == 1).all()


def test_points_of_three_dimensions_are_refused():
    data = TestSE3Distance().make(rep_in="4T1")
    with pytest.raises(ValueError, match=r"rep_in '4T1' has 16 .* its size is 12"):
        data.setup()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"symmetry": "so3"},
            r"datamodule\.symmetry must be one of se3, t3, r3, ball, l1distance, r3t3soft, rxy2, "
            r"txy2; got 'so3'",
        ),
        ({"eps": "a"}, r"datamodule\.eps must be a finite number; got 'a'"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        TestSE3Distance().make(**settings)
