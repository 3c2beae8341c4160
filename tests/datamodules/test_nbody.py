"""The task of charged particles: samples, cache, symmetries."""

import numpy as np
import pytest
import torch

from softsym.datamodules import NBody
from softsym.datamodules.charged_particles import frame, initial_states
from softsym.metrics import equivariance_error
from softsym.symmetries import group

SMALL = {"train_samples": 30, "val_samples": 20, "test_samples": 20}
SOON = {"frame_in": 0, "frame_out": 1}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("nbody"))


def task(cache, **settings):
    data = NBody(cache, **{**SMALL, **SOON, **settings})
    data.prepare_data()
    data.setup()
    return data


def test_samples_are_charges_positions_velocities_and_later_positions(cache):
    x, y = task(cache).splits["train"]
    drawn = initial_states(30)
    first, second = frame(drawn, 0), frame(drawn, 1)
    assert x.shape == (30, 35)
    np.testing.assert_allclose(x[:, :5], first.charges)
    np.testing.assert_allclose(x[:, 5:8], first.positions[..., 0], rtol=1e-6)
    np.testing.assert_allclose(x[:, 20:23], first.velocities[..., 0], rtol=1e-6)
    np.testing.assert_allclose(y[:, 3:6], second.positions[..., 1], rtol=1e-6)


def test_validation_and_test_follow_all_training_simulations(cache):
    splits = task(cache).splits
    drawn = initial_states(14_000)
    for name, first in (("val", 10_000), ("test", 12_000)):
        np.testing.assert_array_equal(splits[name][0][:, :5], drawn.charges[first : first + 20])


def test_the_second_use_reads_the_cache(cache, monkeypatch):
    one = task(cache).splits
    monkeypatch.setattr("softsym.datamodules.nbody.initial_states", None)
    same = task(cache).splits
    assert torch.equal(one["test"][1], same["test"][1])


def test_the_true_function_makes_the_targets(cache):
    data = task(cache, field=0.5)
    x, y = data.splits["val"]
    # inputs were rounded to single precision
    torch.testing.assert_close(data.true_function()(x), y, atol=1e-5, rtol=0)


def test_a_field_breaks_what_moves_z(cache):
    candidates = ("O(3)", "SO(3)", "O(2)@xy", "O(2)@yz", "Reflect(3)", "Scaling(3)")
    kept = {n for n, word in task(cache).true_symmetries(candidates).items() if word == "exact"}
    assert kept == set(candidates) - {"Scaling(3)"}
    weak, strong = task(cache, field=0.5), task(cache, field=1.0)
    kept = {n for n, word in strong.true_symmetries(candidates).items() if word == "exact"}
    assert kept == {"O(2)@xy", "Reflect(3)"}  # which reflects x
    x = strong.splits["val"][0].double()
    x[:, 5:20] *= 3  # no near collisions, where components of forces are cut off
    types = strong.rep_in, strong.rep_out
    errors = []
    for data in (weak, strong):
        errors.append(equivariance_error(data.true_function(), *types, group("SO(3)"), x))
    assert 0 < errors[0] < errors[1]
    kept = equivariance_error(strong.true_function(), *types, group("O(2)@xy"), x)
    assert kept < 1e-6


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"train_samples": 10_001}, "train_samples=10001 is more than the 10000"),
        ({"frame_in": 1, "frame_out": 1}, "frame_in=1 must come before frame_out=1"),
        ({"frame_out": 49}, "from 0 to 48"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_bad_settings_are_named(cache, wrong, message):
    with pytest.raises(ValueError, match=message):
        NBody(cache, **wrong)
