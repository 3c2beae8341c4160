"""The simulator of charged particles: the published numbers, and the laws that it keeps."""

import numpy as np
import pytest

from softsym.datamodules.charged_particles import (
    BODIES,
    SPEED,
    STEPS_PER_FRAME,
    State,
    advance,
    frame,
    initial_states,
)


@pytest.fixture(scope="module")
def start():
    return initial_states(6)


def test_frames_are_the_published_ones(reference, start):
    published = reference("nbody_charged.npz")
    np.testing.assert_array_equal(start.charges, published["charges"][..., 0])
    seen = frame(start, 0)
    for k in range(49):
        np.testing.assert_allclose(seen.positions, published["loc"][:, k], rtol=0, atol=1e-8)
        np.testing.assert_allclose(seen.velocities, published["vel"][:, k], rtol=0, atol=1e-8)
        seen = advance(seen, STEPS_PER_FRAME)


def test_initial_states_follow_the_protocol():
    start = initial_states(300)
    assert set(np.unique(start.charges)) == {-1.0, 1.0}
    np.testing.assert_allclose(np.linalg.norm(start.velocities, axis=1), SPEED)
    assert abs(start.positions.mean()) < 0.05
    assert start.positions.std() == pytest.approx(1, abs=0.05)
    np.testing.assert_array_equal(start.positions[:6], initial_states(6).positions)


def test_two_particles_by_hand():
    charges = np.array([[1.0, -1.0, 0.0, 0.0, 0.0]])
    x = np.zeros((1, 3, BODIES))
    x[0, 0] = [0.0, 2.0, 10.0, 20.0, 30.0]
    later = advance(State(charges, x, 0 * x), 1)
    # opposite charges at distance 2 attract with the force 1/4
    np.testing.assert_allclose(later.velocities[0, 0], [2.5e-4, -2.5e-4, 0, 0, 0], atol=1e-18)
    np.testing.assert_allclose(later.positions[0, 0, :2], [2.5e-7, 2 - 2.5e-7])


def test_forces_are_cut_off():
    x = np.zeros((1, 3, BODIES))
    x[0, 0] = [0.0, 1e-3, 50.0, 60.0, 70.0]
    later = advance(State(np.ones((1, BODIES)), x, 0 * x), 1)
    np.testing.assert_allclose(later.velocities[0, 0, :2], [-0.1, 0.1], rtol=1e-6)


def test_momentum_is_kept_and_a_field_adds_to_it(start):
    before = start.velocities.sum(-1)
    np.testing.assert_allclose(advance(start, 200).velocities.sum(-1), before, atol=1e-12)
    field = advance(start, 200, field=0.7).velocities.sum(-1) - before
    np.testing.assert_allclose(field[:, 2], 0.7 * 0.2 * start.charges.sum(1), atol=1e-12)
    np.testing.assert_allclose(field[:, :2], 0, atol=1e-12)


def test_turned_particles_move_as_the_turned_ones_did(start):
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    # far apart, since components of forces are cut off where particles nearly collide
    start = start._replace(positions=3 * start.positions)
    turned = State(start.charges, turn @ start.positions, turn @ start.velocities)
    np.testing.assert_allclose(
        advance(turned, 300).positions, turn @ advance(start, 300).positions, atol=1e-9
    )
    there = advance(turned, 300, field=1.0).positions
    assert np.abs(there - turn @ advance(start, 300, field=1.0).positions).max() > 0.01


def test_any_number_moves_as_each_does_alone():
    many = initial_states(203)
    last = State(*(values[-2:] for values in many))
    np.testing.assert_array_equal(advance(many, 20).positions[-2:], advance(last, 20).positions)
