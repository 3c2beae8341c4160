"""Simulated pedestrians in the raw format of ETH/UCY, for trials without the recordings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from softsym.datamodules.array_store import replace_when_complete
from softsym.datamodules.motion.pedestrian_files import FRAME_STEP, RECORDINGS
from softsym.datamodules.motion.simulation import Simulation, sole_writer, unit_vectors

LENGTHS = dict(zip(RECORDINGS, (1240, 1880, 920, 1100, 790, 470, 570, 780), strict=True))
"""Frames per recording, about 1.3 times the frame at which trajdata separates validation."""

DT = 0.4
TRACK_FRAMES = (22, 50)
"""Shortest and longest track; a window of the standard protocol has 20 frames."""


@dataclass(frozen=True)
class PedestrianSimulation(Simulation):
    """Settings of the simulated pedestrians.

    Args:
        seed: Seed of all random numbers.
        arrivals: Mean number of pedestrians that appear per frame.
        standing: Share of the pedestrians that do not walk.
        speed: Mean walking speed in metres per second.
        turning: Standard deviation of the change of the turn rate per frame, radians per frame.
        noise: Standard deviation of the error of an observed coordinate, metres.
    """

    version = 1

    seed: int = 0
    arrivals: float = 0.04
    standing: float = 0.1
    speed: float = 1.3
    turning: float = 0.012
    noise: float = 0.01

    def __post_init__(self) -> None:
        if self.seed < 0 or min(self.speed, self.turning, self.noise) < 0:
            raise ValueError(f"seed, speed, turning and noise must not be negative; got {self}.")
        if not (0.02 <= self.arrivals <= 10 and 0 <= self.standing <= 1):
            raise ValueError(
                f"arrivals must lie in [0.02, 10] per frame and standing in [0, 1]; got {self}."
            )

    def recording(self, name: str) -> np.ndarray:
        """Simulates one of the eight recordings, each with its own length and people.

        The distribution of the tracks is invariant under rotation and reflection: headings and
        positions are uniform, left turns as likely as right turns. Rows are those of
        :func:`read_recording`, sorted by frame.
        """
        rng = np.random.default_rng([self.seed, RECORDINGS.index(name)])
        length = LENGTHS[name]
        count = max(round(self.arrivals * length), 2)
        # One arrival per time slot, so that no part of a recording is empty.
        starts = (np.arange(count) + rng.uniform(size=count)) * length / count
        frames = rng.integers(*TRACK_FRAMES, size=count, endpoint=True)
        starts = np.minimum(starts.astype(int), length - frames)
        starts[0] = 0
        rows = []
        for person, (start, steps) in enumerate(zip(starts, frames, strict=True), start=1):
            track = self._track(int(steps), rng)
            times = FRAME_STEP * np.arange(start, start + steps)
            rows.append(np.column_stack([times, np.full(steps, person), track]))
        table = np.concatenate(rows)
        return table[np.lexsort((table[:, 1], table[:, 0]))]

    def _track(self, steps: int, rng: np.random.Generator) -> np.ndarray:
        """Simulates the observed positions (steps, 2) of one pedestrian, in metres."""
        preferred = 0.0 if rng.uniform() < self.standing else self.speed * rng.lognormal(0, 0.25)
        speed = preferred * np.exp(0.05 * rng.standard_normal(steps).cumsum() / np.sqrt(steps))
        shocks = self.turning * rng.standard_normal(steps)
        turn_rate = [*accumulate(shocks, lambda total, shock: 0.9 * total + shock)]
        heading = rng.uniform(0, 2 * np.pi) + np.cumsum(turn_rate)
        moves = DT * speed[:, None] * unit_vectors(heading)
        path = moves.cumsum(axis=0)
        # Uniform in a disc of radius 8 m, where the pedestrian is halfway through the track.
        place = 8.0 * np.sqrt(rng.uniform()) * unit_vectors(rng.uniform(0, 2 * np.pi))
        return path - path[steps // 2] + place + self.noise * rng.standard_normal((steps, 2))


def write_recordings(folder: Path, simulation: PedestrianSimulation) -> None:
    """Writes the eight files; keeps those that are already right."""
    with sole_writer(folder):
        for name in RECORDINGS:
            path, content = folder / f"{name}.txt", recording_text(simulation, name).encode()
            if not path.is_file() or path.read_bytes() != content:
                with replace_when_complete(path) as unfinished:
                    unfinished.write_bytes(content)


def recording_text(simulation: PedestrianSimulation, name: str) -> str:
    """Formats one recording as lines ``frame<TAB>pedestrian<TAB>x<TAB>y``."""
    lines = (
        f"{frame:.1f}\t{person:.1f}\t{x:.6f}\t{y:.6f}\n"
        for frame, person, x, y in simulation.recording(name).tolist()
    )
    return "".join(lines)
