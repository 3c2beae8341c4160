"""Tests which symmetries the walks of real pedestrians have, on the ETH and UCY recordings.

Inputs are the seven positions before now, one every 0.4 s, relative to where the pedestrian is now;
targets are the next twelve positions minus those of constant velocity, in metres. Only windows of
people who walk count. Windows of one pedestrian overlap, so pedestrians are the clusters.

    python benchmarks/pedestrian_symmetries.py --data-dir <folder>
    python benchmarks/pedestrian_symmetries.py --data-dir <folder> --samples 5000 --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from softsym.datamodules.motion.pedestrian_files import RECORDINGS, read_recording
from softsym.metrics import SymmetryTest, symmetry_test
from softsym.metrics.symmetry_tests.verdict import p_text

HISTORY, FUTURE = 8, 12
WALKS = 0.1
"""Least mean step of a walker in metres, 0.25 m/s."""
GROUPS = {
    "SO(2)": "rotation of the plane",
    "Reflect(2,1)": "flip of y",
    "Scaling(2)": "another pace",
    "Reflect(2,0)": "flip of x",
}


def windows(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Cuts all windows of a recording, (n, 20, 2) in metres; also the pedestrian of each, (n,)."""
    table = read_recording(path)
    table = table[np.lexsort((table[:, 0], table[:, 1]))]
    steps = HISTORY + FUTURE
    person = table[:, 1].astype(np.int64)
    # rows of a pedestrian are consecutive frames: the reader refuses gaps
    first = np.flatnonzero(person[: len(person) - steps + 1] == person[steps - 1 :])
    return table[first[:, None] + np.arange(steps), 2:], person[first]


def walkers(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs (n, 14), targets (n, 24) and pedestrian (n,) of all windows of people who walk."""
    cut = [windows(folder / f"{name}.txt") for name in RECORDINGS]
    paths = np.concatenate([path for path, _ in cut])
    recording = np.repeat(np.arange(len(cut)), [len(path) for path, _ in cut])
    persons = np.stack([recording, np.concatenate([who for _, who in cut])])
    person = np.unique(persons, axis=1, return_inverse=True)[1].reshape(-1)
    paths = paths - paths[:, HISTORY - 1 : HISTORY]
    before, after = paths[:, : HISTORY - 1], paths[:, HISTORY:]
    targets = after + np.arange(1, FUTURE + 1)[:, None] * before[:, -1:]
    pace = np.linalg.norm(np.diff(paths[:, :HISTORY], axis=1), axis=-1).mean(1)
    chosen = pace > WALKS
    return before[chosen].reshape(-1, 14), targets[chosen].reshape(-1, 24), person[chosen]


def tested(folder: Path, samples: int | None, seed: int) -> SymmetryTest:
    """Tests all groups on at most ``samples`` windows, drawn at random; None for all of them."""
    x, y, person = walkers(folder)
    if samples is not None and samples < len(x):
        rows = np.random.default_rng(seed).choice(len(x), samples, replace=False)
        x, y, person = x[rows], y[rows], person[rows]
    return symmetry_test(x, y, list(GROUPS), "7T1", "12T1", clusters=person, seed=seed)


def rows(found: SymmetryTest, seed: int) -> Iterator[str]:
    """The lines of the table for one seed."""
    for name, verdict in found.items():
        alike = "yes" if verdict.inputs_p >= 0.05 else "no"
        yield (
            f"| `{name}` ({GROUPS[name]}) | {seed} | {p_text(verdict.p)} | {verdict.lower:.3f} | "
            f"{verdict.estimate:.3f} | {verdict.upper:.3f} | {alike} | {verdict.how} |"
        )


def main(given: Sequence[str] | None = None) -> None:
    """Prints the table for RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data-dir", type=Path, required=True, help="folder of the eight raw files"
    )
    parser.add_argument("--samples", type=int, help="windows drawn at random; all by default")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    options = parser.parse_args(given)
    print("| symmetry | seed | p | at least | estimate | at most | inputs look alike | how |")
    print("|---|---|---|---|---|---|---|---|")
    notes = []
    for seed in options.seeds:
        started = time.monotonic()
        found = tested(options.data_dir, options.samples, seed)
        print("\n".join(rows(found, seed)), flush=True)
        (r2, low, high), first = found.explained["all"], next(iter(found.values()))
        notes.append(
            f"Seed {seed}: {first.n} windows of {first.clusters} pedestrians, "
            f"R2 {r2:.3f} [{low:.3f}, {high:.3f}], {time.monotonic() - started:.0f} s."
        )
    print("\n" + "\n".join(notes))


if __name__ == "__main__":
    main()
