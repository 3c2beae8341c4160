"""The cosine similarity task: reference values and symmetries."""

import math

import numpy as np
import pytest
import torch
from compliance.datamodules import SyntheticSuite

from softsym.datamodules.cosine_similarity import CosineSimilarity, perturbed_cosine
from softsym.datamodules.synthetic import normal_inputs

SYMMETRIES = ("so3-scale", "so3", "scale", "none")
CANDIDATES = ("SO(3)", "Scaling(3)", "SO(3)*Scaling(3)")


class TestCosineSimilarity(SyntheticSuite):
    variants = (
        ({"symmetry": "so3-scale"}, CANDIDATES),
        ({"symmetry": "so3"}, ("SO(3)",)),
        ({"symmetry": "so3", "eps": -0.1}, ("SO(3)",)),
        ({"symmetry": "scale"}, ("Scaling(3)",)),
        ({"symmetry": "scale", "eps": 0.1}, ("Scaling(3)",)),
        ({"symmetry": "none"}, ()),
        ({"symmetry": "none", "eps": 0.1}, ()),
        ({"symmetry": "none", "eps": 0}, CANDIDATES),
    )

    def make(self, **settings):
        return CosineSimilarity(
            **{"symmetry": "so3", "samples": 60, "batch_size": 20, "eps": 1.0} | settings
        )


def task(symmetry, eps=1.0):
    return TestCosineSimilarity().make(symmetry=symmetry, eps=eps)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_equals_the_reference(symmetry, reference):
    archive = reference("synthetic_tasks.npz")
    X, Y = (archive[f"cossim|sym={symmetry}|noise=1.0|{part}"] for part in "XY")
    assert np.array_equal(normal_inputs(len(X), 3, 9).numpy(), X)
    targets = perturbed_cosine(torch.from_numpy(X), symmetry, 1.0)
    assert np.abs(targets.numpy() - Y).max() < 1e-4


def test_three_vectors_by_hand():
    # lengths 2, 5, sqrt(2); cosines 0, 4 / (5 sqrt 2), 1 / sqrt 2
    inputs = torch.tensor([[2.0, 0, 0, 0, 3, 4, 1, 0, 1]], dtype=torch.float64)
    cosine = (0.8 + 1) / math.sqrt(2) / 3
    radius, ratio = (7 + math.sqrt(2)) / 3, 2 / (7 + 2)
    expected = {
        "so3-scale": cosine,
        "so3": cosine - 0.5 * radius,
        "scale": cosine - 0.5 * ratio,
        "none": cosine - 0.5 * radius + 0.5 * ratio,
    }
    for symmetry, value in expected.items():
        assert float(perturbed_cosine(inputs, symmetry, 0.5)) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("symmetry", "eps", "words"),
    [
        ("so3-scale", 1.0, ("exact", "exact", "exact")),
        ("so3", 1.0, ("exact", "broken", "broken")),
        ("so3", 0.1, ("exact", "approximate", "approximate")),
        ("scale", 1.0, ("approximate", "exact", "approximate")),
        ("none", 1.0, ("approximate", "broken", "broken")),
        ("none", 0.1, ("approximate", "approximate", "approximate")),
    ],
)
def test_words(symmetry, eps, words):
    assert task(symmetry, eps).true_symmetries() == dict(zip(CANDIDATES, words, strict=True))


@pytest.mark.parametrize("broken", [("so3", "Scaling(3)"), ("scale", "SO(3)")])
def test_breaking_grows_with_eps(broken):
    symmetry, name = broken
    errors = [TestCosineSimilarity().error(task(symmetry, eps), name) for eps in (0.01, 0.1, 1.0)]
    assert 0.001 < errors[0] < errors[1] < errors[2]


def test_true_groups():
    groups = [task(symmetry).true_group() for symmetry in SYMMETRIES]
    assert groups == ["SO(3)*Scaling(3)", "SO(3)", "Scaling(3)", "Trivial(3)"]
    assert task("none", 0.0).true_group() == "SO(3)*Scaling(3)"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"symmetry": "so2"},
            r"datamodule\.symmetry must be one of so3-scale, so3, scale, none; got 'so2'",
        ),
        ({"eps": None}, r"datamodule\.eps must be a finite number; got None"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        TestCosineSimilarity().make(**settings)
