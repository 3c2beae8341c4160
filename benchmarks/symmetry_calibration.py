"""Counts how often the symmetry test is wrong: false positives, and intervals that miss the truth.

Every cell is a data set drawn again and again: the known-answer task with its dials at 0 (all
    symmetries exact) or
not, with noise of several kinds, inputs whose law the groups keep or not, and samples that depend
on each other. The truth of a broken cell is computed from the task itself, not from the test.

    python benchmarks/symmetry_calibration.py --repetitions 200
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context

import torch
from torch import Tensor

from softsym.datamodules.known_answer import base_term, breaking_terms
from softsym.metrics import symmetry_test

GROUPS = ("SO(3)", "Scaling(3)", "Reflect(3)")
LEVEL = 0.05


@dataclass(frozen=True)
class Cell:
    """A kind of data set.

    Attributes:
        name: How the table calls it.
        n: Number of samples.
        dials: How far rotation, scale and reflection are broken.
        noise: Standard deviation of the noise.
        heteroscedastic: Whether the noise grows with the size of the inputs.
        shifted: Whether the law of the inputs is one that no candidate keeps.
        cluster: Number of samples that share a part of their noise and inputs; 1 for none.
    """

    name: str
    n: int = 600
    dials: tuple[float, float, float] = (0.0, 0.0, 0.0)
    noise: float = 0.0
    heteroscedastic: bool = False
    shifted: bool = False
    cluster: int = 1


NULL = tuple(
    Cell(f"{kind}, n = {n}", n=n, **settings)
    for n in (600, 4000)
    for kind, settings in {
        "no noise": {},
        "noise 0.5": {"noise": 0.5},
        "noise grows with x": {"noise": 0.5, "heteroscedastic": True},
        "clusters of 5": {"noise": 0.5, "cluster": 5},
        "other law of x": {"shifted": True},
        "other law of x, noise 0.5": {"shifted": True, "noise": 0.5},
    }.items()
)
BROKEN = tuple(
    Cell(f"{kind}, n = 600", dials=dials, noise=noise)
    for kind, dials, noise in (
        ("rotation 1, noise 0.5", (1.0, 0.0, 0.0), 0.5),
        ("scale 1, noise 0.5", (0.0, 1.0, 0.0), 0.5),
        ("all 0.2, noise 0.5", (0.2, 0.2, 0.2), 0.5),
        ("all 0.25", (0.25, 0.25, 0.25), 0.0),
    )
)


def draw(cell: Cell, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draws inputs (n, 9), targets (n, 1) and cluster labels (n,)."""
    n, c = cell.n, cell.cluster
    x = torch.randn(n, 9, generator=generator, dtype=torch.float64)
    clusters = torch.arange(n) // c
    if c > 1:
        shared = torch.randn(n // c, 9, generator=generator, dtype=torch.float64)[clusters]
        x = 0.6 * x + 0.8 * shared
    if cell.shifted:
        # a mean, unequal axes, and sizes that depend on the direction
        x = x * torch.tensor([1.0, 0.7, 1.3]).repeat(3) + torch.tensor([0.8, 0.0, 0.4]).repeat(3)
        x = x * (1 + 0.3 * torch.tanh(x[:, :1]))
    turned, scaled, mirrored = breaking_terms(x)
    a, b, c_ = cell.dials
    y = base_term(x) + a * turned + b * scaled + c_ * mirrored
    size = x.norm(dim=1) / 3 if cell.heteroscedastic else 1.0
    noise = torch.randn(n, generator=generator, dtype=torch.float64)
    if c > 1:
        common = torch.randn(n // c, generator=generator, dtype=torch.float64)[clusters]
        noise = 0.6 * noise + 0.8 * common
    return x, (y + cell.noise * size * noise)[:, None], clusters


def truth(cell: Cell) -> dict[str, float]:
    """The breaks of a cell with normal inputs: its dials over the spread of the targets."""
    spread = math.sqrt(1 + sum(dial**2 for dial in cell.dials) + cell.noise**2)
    return {G: dial / spread for G, dial in zip(GROUPS, cell.dials, strict=True)}


def repetition(task: tuple[Cell, int]) -> dict[str, tuple[float, float, float]]:
    """p-value and bounds for each group, on one data set."""
    cell, seed = task
    torch.set_num_threads(1)
    x, y, clusters = draw(cell, torch.Generator().manual_seed(seed))
    tested = symmetry_test(
        x, y, GROUPS, "3T1", "T0", clusters=clusters if cell.cluster > 1 else None, seed=seed
    )
    return {name: (v.p, v.lower, v.upper) for name, v in tested.items()}


def rows(cells: tuple[Cell, ...], repetitions: int, workers: int) -> Iterator[str]:
    """The lines of the table, as they are done."""
    with get_context("spawn").Pool(workers) as pool:
        for cell in cells:
            started = time.monotonic()
            results = pool.map(repetition, [(cell, seed) for seed in range(repetitions)])
            breaks, texts = truth(cell), []
            for name in GROUPS:
                ps, lows, highs = zip(*(result[name] for result in results), strict=True)
                false = sum(p < LEVEL for p in ps) / repetitions
                low = sum(value <= breaks[name] + 1e-9 for value in lows) / repetitions
                high = sum(value >= breaks[name] for value in highs) / repetitions
                texts.append(f"{false:.3f} / {low:.3f} / {high:.3f}")
            yield f"| {cell.name} | {' | '.join(texts)} | {time.monotonic() - started:.0f} |"


def main() -> None:
    """Prints the table for RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cells", default="", help="part of the names of the cells to run")
    options = parser.parse_args()
    print(f"| cell (p < {LEVEL} / lower covers / upper covers) | {' | '.join(GROUPS)} | s |")
    print("|---|" + "---|" * (len(GROUPS) + 1))
    for cells in (NULL, BROKEN):
        chosen = tuple(cell for cell in cells if options.cells in cell.name)
        for row in rows(chosen, options.repetitions, options.workers):
            print(row, flush=True)


if __name__ == "__main__":
    main()
