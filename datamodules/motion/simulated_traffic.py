r"""Simulated traffic on hills, in the format of the Waymo Open Motion Dataset.

Headings are uniform and the ground is a sum of waves in all directions, so that no horizontal axis
is preferred. Height is special: agents stay on the ground, and gravity slows them uphill,

.. math:: \dot v = (v_0 - v) / \tau - c\,g\,\sin\alpha, \qquad \dot z = v \sin\alpha,

with the preferred speed :math:`v_0`, the slope :math:`\alpha` along the heading, and the share c of
gravity that legs or engine do not compensate. The numbers say nothing about real traffic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from softsym.datamodules.array_store import clear_unfinished
from softsym.datamodules.motion.simulation import Simulation, sole_writer, unit_vectors
from softsym.datamodules.motion.tfrecord import write_records
from softsym.datamodules.motion.waymo_records import AGENTS, STEPS, WaymoRecord, example_payload

PARTS = {"training": 4, "validation": 2}
"""Number of shards in each folder."""

DT = 0.1
"""Seconds between two steps."""
GRAVITY = 9.81
WAVES = 6
"""Number of waves that make up the ground."""
WAVELENGTHS = (40.0, 300.0)
"""Shortest and longest wave, metres."""
AREA = 150.0
"""Side of the square in which the agents of a scene start, metres."""


class Kind(NamedTuple):
    """Motion of one kind of agent."""

    share: float  # of all agents
    speed: float  # mean preferred speed in metres per second; it varies by a third
    turning: float  # standard deviation of the turn rate, radians per second
    relaxation: float  # time constant tau in which the preferred speed is regained, seconds
    pull: float  # share c of gravity that acts on the agent


KINDS = (
    Kind(share=0.35, speed=1.4, turning=0.15, relaxation=1.0, pull=0.05),  # pedestrian
    Kind(share=0.2, speed=3.0, turning=0.12, relaxation=5.0, pull=0.4),  # cyclist
    Kind(share=0.2, speed=3.5, turning=0.2, relaxation=4.0, pull=0.2),  # car at a crossing
    Kind(share=0.1, speed=11.0, turning=0.03, relaxation=6.0, pull=0.1),  # car on a free road
    Kind(share=0.15, speed=0.0, turning=0.0, relaxation=1.0, pull=0.0),  # parked car
)


class Ground(NamedTuple):
    """Height of the ground, a sum of waves."""

    waves: np.ndarray  # wave vectors (waves, 2), radians per metre
    phases: np.ndarray  # (waves,)
    heights: np.ndarray  # amplitudes (waves,), metres

    def height(self, places: np.ndarray) -> np.ndarray:
        """Computes the height (...) in metres at places (..., 2)."""
        return np.sin(places @ self.waves.T + self.phases) @ self.heights

    def gradient(self, places: np.ndarray) -> np.ndarray:
        """Computes the slope (..., 2) at places (..., 2)."""
        return (np.cos(places @ self.waves.T + self.phases) * self.heights) @ self.waves


@dataclass(frozen=True)
class TrafficSimulation(Simulation):
    """Settings of the simulated traffic.

    Args:
        seed: Seed of all random numbers.
        records: Number of records in each shard.
        agents: Number of agents in each record, at most 128.
        slope: Root mean square of the ground's slope in any one direction.
        noise: Standard deviation of the error of an observed coordinate, metres.
        gaps: Share of the agents that are not observed for a while.
    """

    version = 1

    seed: int = 0
    records: int = 20
    agents: int = 100
    slope: float = 0.06
    noise: float = 0.01
    gaps: float = 0.1

    def __post_init__(self) -> None:
        if self.seed < 0 or self.records < 1 or not 1 <= self.agents <= AGENTS:
            raise ValueError(
                f"seed must not be negative, records at least 1, and agents from 1 to {AGENTS}; "
                f"got {self}."
            )
        if min(self.slope, self.noise) < 0 or not 0 <= self.gaps <= 1:
            raise ValueError(
                f"slope and noise must not be negative, and gaps must lie in [0, 1]; got {self}."
            )

    def shard(self, part: str, number: int) -> Iterator[WaymoRecord]:
        """Simulates the records of one shard of ``training`` or ``validation``."""
        for index in range(self.records):
            rng = np.random.default_rng([self.seed, list(PARTS).index(part), number, index])
            yield self._record(rng, f"{part}-{number}-{index}")

    def _record(self, rng: np.random.Generator, name: str) -> WaymoRecord:
        ground = self._ground(rng)
        places = _simulate_motion(ground, self.agents, rng)
        positions = np.concatenate([places, ground.height(places)[..., None]], axis=-1)
        positions += self.noise * rng.standard_normal(positions.shape)
        # Real maps have their origin kilometres away, which costs digits of float32.
        positions += rng.uniform([-3000.0, -3000.0, 0.0], [3000.0, 3000.0, 100.0])
        return WaymoRecord(positions, self._seen(rng), name)

    def _ground(self, rng: np.random.Generator) -> Ground:
        shortest, longest = np.log(WAVELENGTHS)
        lengths = np.exp(rng.uniform(shortest, longest, WAVES))
        angles = rng.uniform(0, 2 * np.pi, WAVES)
        waves = (2 * np.pi / lengths)[:, None] * unit_vectors(angles)
        # Every wave contributes equally to the mean square of the slope in one direction.
        heights = self.slope * lengths / np.pi / np.sqrt(WAVES)
        return Ground(waves, rng.uniform(0, 2 * np.pi, WAVES), heights)

    def _seen(self, rng: np.random.Generator) -> np.ndarray:
        """Draws which agents are seen at which steps (agents, 91): they come, go, or are lost."""
        steps, count = np.arange(STEPS), (self.agents, 1)
        comes = np.where(rng.uniform(size=count) < 0.1, rng.integers(0, STEPS, count), 0)
        goes = np.where(rng.uniform(size=count) < 0.3, rng.integers(0, STEPS, count), STEPS)
        lost = np.where(rng.uniform(size=count) < self.gaps, rng.integers(0, STEPS, count), STEPS)
        back = lost + rng.integers(1, 20, count)
        return (steps >= comes) & (steps < goes) & ~((steps >= lost) & (steps < back))


def write_dataset(folder: Path, simulation: TrafficSimulation) -> None:
    """Writes the missing shards of training/ and validation/ as tf.Example.

    Existing shards are complete and right: they were renamed when complete, and the name of the
    folder contains the simulation's key.
    """
    with sole_writer(folder):
        for part, shards in PARTS.items():
            (folder / part).mkdir(exist_ok=True)
            clear_unfinished(folder / part)
            for number in range(shards):
                name = f"{part}_tfexample.tfrecord-{number:05}-of-{shards:05}"
                if not (folder / part / name).is_file():
                    records = simulation.shard(part, number)
                    write_records(folder / part / name, map(example_payload, records))


def _simulate_motion(ground: Ground, agents: int, rng: np.random.Generator) -> np.ndarray:
    """Simulates horizontal places (agents, 91, 2) in metres of agents that start in the square."""
    kinds = np.array(KINDS)[rng.choice(len(KINDS), agents, p=[kind.share for kind in KINDS])]
    _, speed, turning, relaxation, pull = kinds.T
    preferred = speed * np.exp(0.3 * rng.standard_normal(agents))
    speed = preferred * np.exp(0.1 * rng.standard_normal(agents))
    heading = rng.uniform(0, 2 * np.pi, agents)
    turn = turning * rng.standard_normal(agents)
    place = rng.uniform(-AREA / 2, AREA / 2, (agents, 2))
    places = np.empty((agents, STEPS, 2))
    for step in range(STEPS):
        places[:, step] = place
        ahead = unit_vectors(heading)
        tangent = (ground.gradient(place) * ahead).sum(axis=1)
        sine, cosine = tangent / np.hypot(1, tangent), 1 / np.hypot(1, tangent)
        place = place + DT * (speed * cosine)[:, None] * ahead
        speed = speed + DT * ((preferred - speed) / relaxation - pull * GRAVITY * sine)
        speed = np.maximum(speed, 0.0)
        heading = heading + DT * turn
        # The turn rate decorrelates over two seconds at constant variance (0.95^20 = 0.36).
        turn = 0.95 * turn + turning * np.sqrt(1 - 0.95**2) * rng.standard_normal(agents)
    return places
