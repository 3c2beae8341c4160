"""Constant velocity: exact on straight walks, equivariant, without parameters."""

import pytest
import torch

from softsym.networks.constant_velocity import ConstantVelocity


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_exact_on_a_straight_walk(dim):
    times = torch.arange(-7, 13, dtype=torch.float64)[:, None]
    start, velocity = torch.randn(2, 5, 1, dim, dtype=torch.float64)
    walk = start + times * velocity
    predicted = ConstantVelocity(8, 12, dim)(walk[:, :8].flatten(1))
    torch.testing.assert_close(predicted, walk[:, 8:].flatten(1))


def test_only_the_last_two_points_count():
    walk = torch.randn(4, 16)
    changed = walk.clone()
    changed[:, :12] += 1.0
    network = ConstantVelocity(8, 12, 2)
    assert torch.equal(network(walk), network(changed))


def test_what_follows_the_positions_is_not_looked_at():
    walk = torch.randn(3, 16)
    wide = torch.cat([walk, torch.full((3, 5), torch.nan)], 1)
    assert torch.equal(ConstantVelocity(8, 12, 2, extra=5)(wide), ConstantVelocity(8, 12, 2)(walk))
    for size in (16, 20, 22):
        with pytest.raises(
            ValueError, match=r"\(n, 21\), 8 positions .* and 5 further numbers; got"
        ):
            ConstantVelocity(8, 12, 2, extra=5)(torch.zeros(3, size))


def test_equivariant_under_rotation_reflection_and_translation():
    network = ConstantVelocity(8, 12, 2)
    walk = torch.randn(6, 8, 2, dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(2, 2, dtype=torch.float64))
    shift = torch.randn(2, dtype=torch.float64)
    moved = network((walk @ turn.T + shift).flatten(1))
    expected = network(walk.flatten(1)).unflatten(1, (12, 2)) @ turn.T + shift
    torch.testing.assert_close(moved, expected.flatten(1))


def test_no_parameters_and_keeps_dtype():
    network = ConstantVelocity(2, 1, 2)
    assert not list(network.parameters())
    assert not network.state_dict()
    assert network(torch.zeros(3, 4, dtype=torch.float64)).dtype == torch.float64


@pytest.mark.parametrize("shape", [(3, 14), (3, 8, 2), (16,)])
def test_other_sizes_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have the shape \(n, 16\), 8 positions of 2"):
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
        ConstantVelocity(*settings)
