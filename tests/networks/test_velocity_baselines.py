"""Velocity baselines: exact on straight walks, equivariant, without parameters."""

import numpy as np
import pytest
import torch

from softsym.networks import ConstantVelocity, FittedVelocity

both = pytest.mark.parametrize("baseline", [ConstantVelocity, FittedVelocity])


@both
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_exact_on_a_straight_walk(baseline, dim):
    times = torch.arange(-7, 13, dtype=torch.float64)[:, None]
    start, velocity = torch.randn(2, 5, 1, dim, dtype=torch.float64)
    walk = start + times * velocity
    predicted = baseline(8, 12, dim)(walk[:, :8].flatten(1))
    torch.testing.assert_close(predicted, walk[:, 8:].flatten(1))


def test_constant_velocity_depends_on_the_last_two_points_only():
    walk = torch.randn(4, 16)
    changed = walk.clone()
    changed[:, :12] += 1.0
    network = ConstantVelocity(8, 12, 2)
    assert torch.equal(network(walk), network(changed))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("history", [2, 5, 8])
def test_fitted_velocity_equals_numpys_line(history, dim):
    walk = np.random.default_rng(0).standard_normal((6, history, dim))
    slopes = np.polyfit(np.arange(history), walk.transpose(1, 0, 2).reshape(history, -1), 1)[0]
    steps = np.arange(1, 13)[:, None]
    expected = walk[:, -1:] + steps * slopes.reshape(6, 1, dim)
    predicted = FittedVelocity(history, 12, dim)(torch.from_numpy(walk).flatten(1))
    np.testing.assert_allclose(predicted.numpy(), expected.reshape(6, -1), rtol=1e-10, atol=1e-12)


def test_fitted_velocity_of_two_points_is_constant_velocity():
    walk = torch.randn(5, 6)
    torch.testing.assert_close(FittedVelocity(2, 4, 3)(walk), ConstantVelocity(2, 4, 3)(walk))


def test_noise_causes_the_documented_error():
    draw = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 8, generator=draw, dtype=torch.float64)
    step = FittedVelocity(8, 1, 1)(noise)[:, 0] - noise[:, -1]
    assert float(step.std()) == pytest.approx((12 / (8**3 - 8)) ** 0.5, rel=0.02)


@both
def test_values_after_the_positions_are_ignored(baseline):
    walk = torch.randn(3, 16)
    wide = torch.cat([walk, torch.full((3, 5), torch.nan)], 1)
    assert torch.equal(baseline(8, 12, 2, extra=5)(wide), baseline(8, 12, 2)(walk))
    for size in (16, 20, 22):
        with pytest.raises(
            ValueError, match=r"\(n, 21\), 8 positions .* and 5 further numbers; got"
        ):
            baseline(8, 12, 2, extra=5)(torch.zeros(3, size))


@both
def test_equivariant_under_rotation_reflection_and_translation(baseline):
    network = baseline(8, 12, 2)
    walk = torch.randn(6, 8, 2, dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(2, 2, dtype=torch.float64))
    shift = torch.randn(2, dtype=torch.float64)
    moved = network((walk @ turn.T + shift).flatten(1))
    expected = network(walk.flatten(1)).unflatten(1, (12, 2)) @ turn.T + shift
    torch.testing.assert_close(moved, expected.flatten(1))


@both
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_parameters_and_keeps_dtype(baseline, dtype):
    network = baseline(3, 1, 2)
    assert not list(network.parameters())
    assert not network.state_dict()
    assert network(torch.zeros(3, 6, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("shape", [(3, 14), (3, 8, 2), (16,)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have the shape \(n, 16\), 8 positions of 2 coo"):
        ConstantVelocity(8, 12, 2)(torch.zeros(shape))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ((1, 12, 2), "history must be at least 2; got 1"),
        ((8, 0, 2), "future must be at least 1; got 0"),
        ((8, 12, 0), "dim must be at least 1; got 0"),
        ((8, 12, 2, -1), "extra must be at least 0; got -1"),
    ],
)
def test_too_small_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        FittedVelocity(*settings)
