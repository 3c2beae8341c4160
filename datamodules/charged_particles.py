"""Charged particles that attract and repel each other: initial states, and how they move.

The protocol is that of Kipf et al. (2018, arXiv 1802.04687) in three dimensions, as Fuchs et al.
(2020, arXiv 2006.10503) and Satorras et al. (2021, arXiv 2102.09844, sec. 5.1) use it. Masses and
the constant of the interaction are 1, and there are no units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BODIES, DIM = 5, 3
DT = 0.001
"""Length of a step."""
STEPS_PER_FRAME = 100
FRAMES = 49
"""Frames of a simulation; frame k is the state after 100 (k + 1) steps."""
SEED = 43
SPEED = 0.5
LARGEST_FORCE = 0.1 / DT
"""Bound of each component of a force, so that near collisions stay finite."""
TOGETHER = 100
"""Simulations that move at once, so that their arrays stay in the processor's cache."""

Array = NDArray[np.float64]


class State(NamedTuple):
    """States of n simulations."""

    charges: Array  # (n, 5)
    positions: Array  # (n, 3, 5)
    velocities: Array  # (n, 3, 5)


def initial_states(count: int, seed: int = SEED) -> State:
    """Draws the first ``count`` simulations of the published stream of random numbers.

    Charges are -1 or 1, positions N(0, 1), and velocities of norm 0.5 in random directions.
    """
    stream = np.random.RandomState(seed)
    charges = np.empty((count, BODIES))
    positions, velocities = np.empty((2, count, DIM, BODIES))
    for k in range(count):
        charges[k] = stream.choice([-1.0, 0.0, 1.0], size=BODIES, p=[0.5, 0.0, 0.5])
        positions[k] = stream.randn(DIM, BODIES)
        directions = stream.randn(DIM, BODIES)
        velocities[k] = SPEED * directions / np.linalg.norm(directions, axis=0)
        stream.randn(2 * FRAMES, DIM, BODIES)  # noise of all frames, which is multiplied by 0
    return State(charges, positions, velocities)


def frame(start: State, k: int, field: float = 0.0) -> State:
    """The states at frame k of simulations from their initial states."""
    return advance(start, STEPS_PER_FRAME * (k + 1), field)


def advance(state: State, steps: int, field: float = 0.0) -> State:
    """Moves the particles by semi-implicit Euler: velocities first, then positions.

    Args:
        state: States of n simulations.
        steps: Number of steps.
        field: Strength of a uniform field along z: it accelerates a charge q by q times this.
    """
    parts = [
        _advance(rows_of(state, slice(begin, begin + TOGETHER)), steps, field)
        for begin in range(0, len(state.charges), TOGETHER)
    ]
    return State(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def rows_of(state: State, rows: slice) -> State:
    """The states of some of the simulations."""
    return State(*(values[rows] for values in state))


def _advance(state: State, steps: int, field: float) -> State:
    q = state.charges.T  # simulations last: numpy is fast along the last axis
    x, v = (np.ascontiguousarray(values.transpose(1, 2, 0)) for values in state[1:])
    products = q[:, None] * q[None]
    same = np.arange(BODIES)
    products[same, same] = 0.0
    along_z = np.zeros((DIM, 1, 1))
    along_z[-1] = field
    for _ in range(steps):
        apart = x[:, :, None] - x[:, None]
        squares = (apart * apart).sum(0)
        squares[same, same] = 1.0
        forces = (products / (squares * np.sqrt(squares)) * apart).sum(2)
        v += DT * (np.clip(forces, -LARGEST_FORCE, LARGEST_FORCE) + along_z * q)
        x += DT * v
    return State(state.charges, x.transpose(2, 0, 1), v.transpose(2, 0, 1))
