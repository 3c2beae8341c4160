"""Counts how often a broken symmetry is found: the symmetry test beside a randomisation test.

The known-answer task with noise 0.5 breaks one symmetry at a time, ever less, with ever fewer
samples. Its inputs are normal, so that the randomisation test is exact (see ``randomisation``).

    python benchmarks/symmetry_power.py --repetitions 40 --figure power.png

Results are added to ``power.jsonl`` in the folder ``--out`` one by one, and a second run goes on
where the first was stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from benchmarks.symmetry_study.cells import Cell, draw, truth
from benchmarks.symmetry_study.figures import power_figure
from benchmarks.symmetry_study.randomisation import randomisation_p
from benchmarks.symmetry_study.shares import Share, shares
from benchmarks.symmetry_study.store import in_turns, run
from softsym.metrics import symmetry_test
from softsym.symmetries import group, rep

LEVEL = 0.05
DIALS = {"SO(3)": 0, "Reflect(3)": 2}
SIZES, BREAKS = (300, 600, 1200), (0.0, 0.2, 0.4, 0.8)
TESTS = ("symmetry test", "randomisation test")
CELLS = {
    f"{broken}, n = {n}, dial {dial}": (broken, n, dial)
    for broken in DIALS
    for n in SIZES
    for dial in BREAKS
}


def repetition(name: str, seed: int) -> tuple[float, float]:
    """p-values of both tests on one data set."""
    broken, cell = cell_of(name)
    x, y, _ = draw(cell, torch.Generator().manual_seed(seed))
    p = symmetry_test(x, y, [broken], "3T1", "T0", seed=seed)[broken].p
    types = rep("3T1"), rep("T0")
    generator = torch.Generator().manual_seed(seed)
    return p, randomisation_p(x, y, group(broken), types, generator)


def cell_of(name: str) -> tuple[str, Cell]:
    """The group that is tested, and the data sets."""
    broken, n, dial = CELLS[name]
    dials = tuple(dial if place == DIALS[broken] else 0.0 for place in range(3))
    return broken, Cell(n=n, dials=dials, noise=0.5)


def counted(runs: Sequence[dict[str, Any]]) -> dict[str, Share]:
    """Test -> share of repetitions whose p-value is below the level."""
    return shares([{t: p < LEVEL for t, p in zip(TESTS, r["result"], strict=True)} for r in runs])


def table(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """The lines of the table."""
    yield f"| broken | samples | break | repetitions | {' | '.join(TESTS)} |"
    yield "|---" * 6 + "|"
    for name in (name for name in CELLS if name in found):
        broken, cell = cell_of(name)
        texts = [share.text() for share in counted(found[name]).values()]
        size = truth(cell)[broken]
        yield f"| {broken} | {cell.n} | {size:.3f} | {len(found[name])} | {' | '.join(texts)} |"


def main(given: Sequence[str] | None = None) -> None:
    """Prints the table for RESULTS.md, and draws the figure if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=40)
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--out", type=Path, default=Path("outputs/symmetry_study"))
    parser.add_argument("--figure", type=Path, help="picture to draw of all results in the folder")
    options = parser.parse_args(given)
    tasks = in_turns(list(CELLS), options.repetitions)
    file = options.out / "power.jsonl"
    found = run(repetition, tasks, file, options.workers, options.minutes)
    print("\n".join(table(found)))
    if options.figure is not None:
        curves = {
            (broken, n): [
                (truth(cell_of(name)[1])[broken], counted(found[name]))
                for name, (group_name, size, _) in CELLS.items()
                if (group_name, size) == (broken, n) and name in found
            ]
            for broken in DIALS
            for n in SIZES
        }
        power_figure(curves, TESTS, LEVEL).savefig(options.figure, dpi=150)


if __name__ == "__main__":
    main()
