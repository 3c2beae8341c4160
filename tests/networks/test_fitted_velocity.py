"""The fitted velocity: numpy's line, exact on straight walks, steadier than constant velocity."""

import numpy as np
import pytest
import torch

from softsym.networks.constant_velocity import ConstantVelocity
from softsym.networks.fitted_velocity import FittedVelocity


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("history", [2, 5, 8])
def test_equals_numpys_line(history, dim):
    walk = np.random.default_rng(0).standard_normal((6, history, dim))
    slopes = np.polyfit(np.arange(history), walk.transpose(1, 0, 2).reshape(history, -1), 1)[0]
    steps = np.arange(1, 13)[:, None]
    expected = walk[:, -1:] + steps * slopes.reshape(6, 1, dim)
    found = FittedVelocity(history, 12, dim)(torch.from_numpy(walk).flatten(1))
    np.testing.assert_allclose(found.numpy(), expected.reshape(6, -1), rtol=1e-10, atol=1e-12)


def test_exact_on_a_straight_walk():
    times = torch.arange(-7, 13, dtype=torch.float64)[:, None]
    start, velocity = torch.randn(2, 5, 1, 2, dtype=torch.float64)
    walk = start + times * velocity
    predicted = FittedVelocity(8, 12, 2)(walk[:, :8].flatten(1))
    torch.testing.assert_close(predicted, walk[:, 8:].flatten(1))


def test_of_two_points_is_constant_velocity():
    walk = torch.randn(5, 6)
    torch.testing.assert_close(FittedVelocity(2, 4, 3)(walk), ConstantVelocity(2, 4, 3)(walk))


def test_noise_makes_the_error_that_is_promised():
    draw = torch.Generator().manual_seed(0)
    noise = torch.randn(20_000, 8, generator=draw, dtype=torch.float64)
    step = FittedVelocity(8, 1, 1)(noise)[:, 0] - noise[:, -1]
    assert float(step.std()) == pytest.approx((12 / (8**3 - 8)) ** 0.5, rel=0.02)


def test_equivariant_under_rotation_reflection_and_translation():
    network = FittedVelocity(8, 12, 2)
    walk = torch.randn(6, 8, 2, dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(2, 2, dtype=torch.float64))
    shift = torch.randn(2, dtype=torch.float64)
    moved = network((walk @ turn.T + shift).flatten(1))
    expected = network(walk.flatten(1)).unflatten(1, (12, 2)) @ turn.T + shift
    torch.testing.assert_close(moved, expected.flatten(1))


def test_what_follows_the_positions_is_not_looked_at():
    walk = torch.randn(3, 16)
    wide = torch.cat([walk, torch.full((3, 5), torch.nan)], 1)
    assert torch.equal(FittedVelocity(8, 12, 2, extra=5)(wide), FittedVelocity(8, 12, 2)(walk))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_parameters_and_keeps_dtype(dtype):
    network = FittedVelocity(3, 1, 2)
    assert not list(network.parameters())
    assert not network.state_dict()
    assert network(torch.zeros(3, 6, dtype=dtype)).dtype == dtype


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(n, 16\), 8 positions of 2 coordinates; got \(3, 14\)"):
        FittedVelocity(8, 12, 2)(torch.zeros(3, 14))


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
