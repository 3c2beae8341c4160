"""Simulated pedestrians in the raw format of ETH/UCY, for trying things without the recordings."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from softsym.datamodules.motion.pedestrian_files import FRAME_STEP, RECORDINGS, recording_path

LENGTHS = dict(zip(RECORDINGS, (1240, 1880, 920, 1100, 790, 470, 570, 780), strict=True))
"""Frames of each recording: about 1.3 times the frame at which trajdata parts off validation."""

SIMULATION_VERSION = 1
"""Raise it when the same settings give other files."""

DT = 0.4
TRACK_FRAMES = (22, 50)


@dataclass(frozen=True)
class PedestrianSimulation:
    """Settings of the simulation.

    Args:
        seed: Same seed, same files.
        arrivals: Pedestrians that appear per frame, on average.
        standing: Share of the pedestrians that stand.
        speed: Mean walking speed in metres per second.
        turning: Change of the turn rate per frame, standard deviation in radians per frame.
        noise: Error of an observed coordinate, standard deviation in metres.

    Raises:
        ValueError: If a setting is out of its range.
    """

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

    @property
    def key(self) -> str:
        """Names the settings and the version of the simulation (12 hex digits)."""
        content = repr((SIMULATION_VERSION, astuple(self)))
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def recording(self, name: str) -> np.ndarray:
        """One recording.

        The law of the tracks does not change under rotation and reflection: headings and places
        are uniform, turns to the left as likely as to the right.

        Args:
            name: One of the eight recordings; each has its own length and its own people.

        Returns:
            float64 (rows, 4): frame, pedestrian, x and y in metres, sorted by frame.
        """
        rng = np.random.default_rng([self.seed, RECORDINGS.index(name)])
        length = LENGTHS[name]
        count = max(round(self.arrivals * length), 2)
        # One arrival in each stretch of time, so that no part of a recording is empty.
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
        """Observed positions (steps, 2) of one pedestrian, in metres."""
        preferred = 0.0 if rng.uniform() < self.standing else self.speed * rng.lognormal(0, 0.25)
        speed = preferred * np.exp(0.05 * rng.standard_normal(steps).cumsum() / np.sqrt(steps))
        turn_rate = _faded_sum(self.turning * rng.standard_normal(steps), 0.9)
        heading = rng.uniform(0, 2 * np.pi) + turn_rate.cumsum()
        moves = DT * speed[:, None] * np.column_stack([np.cos(heading), np.sin(heading)])
        path = moves.cumsum(axis=0)
        place = 8.0 * np.sqrt(rng.uniform()) * _unit(rng.uniform(0, 2 * np.pi))
        return path - path[steps // 2] + place + self.noise * rng.standard_normal((steps, 2))


def write_recordings(folder: Path, simulation: PedestrianSimulation) -> None:
    """Writes the eight files, each renamed into place when whole; leaves right ones alone.

    Args:
        folder: Where they go; made if absent.
        simulation: What they hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "write.lock"):
        for name in RECORDINGS:
            _write_if_other(recording_path(folder, name), recording_text(simulation, name))


def recording_text(simulation: PedestrianSimulation, name: str) -> str:
    """One recording as the text of its file, a line ``frame<TAB>pedestrian<TAB>x<TAB>y`` each."""
    lines = (
        f"{frame:.1f}\t{person:.1f}\t{x:.6f}\t{y:.6f}\n"
        for frame, person, x, y in simulation.recording(name).tolist()
    )
    return "".join(lines)


def _write_if_other(path: Path, text: str) -> None:
    if path.is_file() and path.read_bytes() == text.encode():
        return
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(text.encode())
    unfinished.replace(path)


def _faded_sum(shocks: np.ndarray, keep: float) -> np.ndarray:
    """Sums in which each older shock counts ``keep`` times less with every step."""
    total, sums = 0.0, np.empty_like(shocks)
    for step, shock in enumerate(shocks):
        total = keep * total + shock
        sums[step] = total
    return sums


def _unit(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)])
