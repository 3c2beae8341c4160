"""The task with a dial for each symmetry: what each term breaks and what it keeps."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from compliance.datamodules import SyntheticSuite
from scipy.integrate import quad
from scipy.stats import chi2

from softsym.datamodules.known_answer import (
    SCALE_MEAN,
    SCALE_STD,
    KnownAnswer,
    base_term,
    breaking_terms,
)
from softsym.datamodules.synthetic import normal_inputs
from softsym.metrics import equivariance_error

DIALS = {"rotation": "SO(3)", "scale": "Scaling(3)", "reflection": "Reflect(3)"}
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
OFF = dict.fromkeys(DIALS, 0.0)


def kept(**dials):
    return dials, tuple(DIALS[name] for name in DIALS if not dials.get(name))


class TestKnownAnswer(SyntheticSuite):
    variants = (
        kept(),
        *(kept(**{name: level}) for name in DIALS for level in (0.1, 0.25, 0.5, 0.75, 1.0)),
        kept(rotation=1.0, scale=1.0),
        kept(rotation=0.5, reflection=0.5),
        kept(scale=0.5, reflection=1.0),
        kept(rotation=1.0, scale=1.0, reflection=0.5),
    )

    def make(self, **settings):
        return KnownAnswer(**{**OFF, "samples": 60, "batch_size": 20} | settings)


def error(name, **dials):
    f = TestKnownAnswer().make(**dials).true_function()
    inputs = normal_inputs(2000, 3, 9, 5).double()
    return equivariance_error(f, "3T1", "T0", DIALS[name], inputs)


@pytest.mark.parametrize("name", DIALS)
def test_a_dial_at_zero_is_exact_whatever_the_others_are(name):
    others = [other for other in DIALS if other != name]
    for levels in product((0.0, 0.5, 1.0), repeat=2):
        assert error(name, **dict(zip(others, levels, strict=True))) < 1e-6


@pytest.mark.parametrize("name", DIALS)
@pytest.mark.parametrize("others", [0.0, 1.0])
def test_the_error_rises_along_the_dial(name, others):
    rest = {other: others for other in DIALS if other != name}
    errors = [error(name, **rest, **{name: level}) for level in LEVELS]
    assert all(low < high - 0.01 for low, high in pairwise(errors)), errors


def test_the_constants_of_the_scale_term():
    # in logarithms as the docstring has it, where the code takes a fraction
    def growth(square):
        return np.tanh(2 * np.log(square / 9))

    def mean(values):
        return quad(lambda q: values(q) * chi2.pdf(q, 9), 0, np.inf, epsabs=1e-12)[0]

    assert pytest.approx(mean(growth), abs=1e-9) == SCALE_MEAN
    std = np.sqrt(mean(lambda q: (growth(q) - SCALE_MEAN) ** 2))
    assert pytest.approx(std, abs=1e-9) == SCALE_STD


def test_the_terms_are_uncorrelated_with_mean_zero_and_deviation_one():
    inputs = normal_inputs(200_000, 3, 9, 8).double()
    terms = torch.stack([base_term(inputs), *breaking_terms(inputs)])
    assert terms.mean(1).abs().max() < 0.01
    torch.testing.assert_close(terms.cov(), torch.eye(4, dtype=torch.float64), atol=0.01, rtol=0)


def test_the_scale_term_is_bounded():
    far = torch.cat([1e-3 * normal_inputs(50, 3, 9, 1), 1e3 * normal_inputs(50, 3, 9, 1)])
    of_scale = breaking_terms(far)[1]
    assert torch.isfinite(of_scale).all()
    assert of_scale.abs().max() <= (1 - SCALE_MEAN) / SCALE_STD + 1e-6


def test_the_terms_by_hand():
    # along x, y and z, of squared lengths 4, 4, 1
    inputs = torch.tensor([[2.0, 0, 0, 0, 2, 0, 0, 0, 1]], dtype=torch.float64)
    of_rotation, of_scale, of_reflection = breaking_terms(inputs)
    assert float(base_term(inputs)) == 0
    assert float(of_rotation) == pytest.approx(0)
    assert float(of_scale) == pytest.approx(-SCALE_MEAN / SCALE_STD)
    assert float(of_reflection) == pytest.approx(3 / 2**0.5)
    along_x = torch.tensor([[1.0, 0, 0]]).repeat(1, 3).double()
    assert float(base_term(along_x)) == pytest.approx(3)
    assert float(breaking_terms(along_x)[0]) == pytest.approx(3 * 5**0.5 / 2)


def test_derivatives_are_finite():
    inputs = normal_inputs(100, 3, 9, 2).requires_grad_()
    f = TestKnownAnswer().make(rotation=1.0, scale=1.0, reflection=1.0).true_function()
    f(inputs).sum().backward()
    assert torch.isfinite(inputs.grad).all()


@pytest.mark.parametrize("name", DIALS)
def test_words_along_the_dial(name):
    words = [
        TestKnownAnswer().make(**{name: level}).true_symmetries()[DIALS[name]] for level in LEVELS
    ]
    assert (words[0], words[1], words[-1]) == ("exact", "approximate", "broken")


@pytest.mark.parametrize(
    ("dials", "expected"),
    [
        ({}, "SO(3)*Scaling(3)*Reflect(3)"),
        ({"scale": 0.5, "reflection": 1.0}, "SO(3)"),
        ({"rotation": 1.0, "scale": 0.1}, "Reflect(3)*Reflect(3, 1)*Reflect(3, 2)"),
        ({"rotation": 1.0, "reflection": 0.1}, "Scaling(3)"),
        ({"rotation": 1.0, "scale": 0.1, "reflection": 0.1}, "Trivial(3)"),
    ],
)
def test_true_groups(dials, expected):
    assert TestKnownAnswer().make(**dials).true_group() == expected


@pytest.mark.parametrize("name", DIALS)
@pytest.mark.parametrize("value", [-0.1, 1.5, "half", float("nan")])
def test_dials_out_of_range(name, value):
    with pytest.raises(ValueError, match=rf"datamodule\.{name} must .* from 0 to 1; got "):
        TestKnownAnswer().make(**{name: value})
