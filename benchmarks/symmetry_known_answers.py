"""Compares verdicts of the symmetry test with tasks whose symmetries are known.

    python benchmarks/symmetry_known_answers.py --seeds 0 1 2

Each task is drawn anew with each seed, without noise. The true break of a symmetry is that of the
task's own function under the same projection, on 20,000 further samples, relative to the spread of
the targets. Targets in random order are the control: they must get no verdict.

    python benchmarks/symmetry_known_answers.py --alpha --seeds 0 1 2

prints the share of symmetrising that lowers the held-out error of a plain network instead.

    python benchmarks/symmetry_known_answers.py --timing 10000 100000

times the test with that many samples and four groups; let nothing else run.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from softsym.datamodules.cosine_similarity import perturbed_cosine
from softsym.datamodules.inertia import inertia_inputs, inertia_tensor
from softsym.datamodules.known_answer import dialled
from softsym.metrics import Verdict, symmetry_test
from softsym.metrics.symmetry_tests.projection import project_function
from softsym.metrics.symmetry_tests.statistics import total_variance
from softsym.metrics.symmetry_tests.verdict import p_text
from softsym.symmetries import group, rep
from softsym.symmetries.orbit_moves import mover

DIALS = ("SO(3)", "Scaling(3)", "Reflect(3)")
PLANES = ("O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)")
MANY, DRAWS = 20_000, 16
TRAINED_ON = 1000
LEAST = 0.005
"""Breaks below this are those of rounding and of the elements drawn: 0."""


@dataclass(frozen=True)
class Task:
    """Inputs of a number and a seed, the function that they are given to, and the candidates."""

    draw: Callable[[int, int], Tensor]
    function: Callable[[Tensor], Tensor]
    groups: tuple[str, ...]
    types: tuple[str, str]
    samples: int
    shuffled: bool = False

    def data(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets, float64."""
        x = self.draw(count, seed).double()
        y = self.values(x)
        if self.shuffled:
            y = y[torch.randperm(count, generator=torch.Generator().manual_seed(seed))]
        return x, y

    def values(self, x: Tensor) -> Tensor:
        """Values of the function (n, size out) at inputs (n, size in)."""
        return self.function(x).reshape(len(x), -1)

    def truth(self, name: str) -> float:
        """The true break of a candidate."""
        x, y = self.data(MANY, 10_000)
        by = mover(group(name, 3), *map(rep, self.types), x)
        generator = torch.Generator().manual_seed(0)
        pool = by.frames(x)
        q1, q2 = (project_function(self.values, x, by, DRAWS, generator, pool) for _ in range(2))
        square = float(((y - q1) * (y - q2)).sum(1).mean()) / total_variance(y)
        value = math.sqrt(max(square, 0.0))
        return value if value > LEAST else 0.0


def normal(count: int, seed: int) -> Tensor:
    """Three vectors of normal numbers, (count, 9)."""
    return torch.randn(count, 9, generator=torch.Generator().manual_seed(seed))


def bodies(count: int, seed: int) -> Tensor:
    """Masses and positions of five bodies, (count, 20)."""
    return inertia_inputs(count, 5, seed)


def known_answer(*dials: float, shuffled: bool = False) -> Task:
    """The known-answer task, 2000 samples in each half."""
    rotation, scale, reflection = dials
    function = partial(dialled, rotation=rotation, scale=scale, reflection=reflection)
    return Task(normal, function, DIALS, ("3T1", "T0"), 4000, shuffled)


def inertia(axis: int, eps: float) -> Task:
    """Moments of inertia, 1000 samples in each half."""
    function = partial(inertia_tensor, axis=axis, eps=eps)
    return Task(bodies, function, PLANES, ("5T0+5T1", "T2"), 2000)


def cosine(symmetry: str) -> Task:
    """The mean cosine, 1000 samples in each half."""
    function = partial(perturbed_cosine, symmetry=symmetry, eps=1.0)
    return Task(normal, function, ("SO(3)", "Scaling(3)"), ("3T1", "T0"), 2000)


TASKS = {
    "dials 0": known_answer(0.0, 0.0, 0.0),
    "rotation 0.1": known_answer(0.1, 0.0, 0.0),
    "scale 0.1": known_answer(0.0, 0.1, 0.0),
    "reflection 0.1": known_answer(0.0, 0.0, 0.1),
    "dials 0, shuffled": known_answer(0.0, 0.0, 0.0, shuffled=True),
    "inertia, eps = -1": inertia(2, -1.0),
    "inertia, exact": inertia(2, 0.0),
    "inertia, mixed": inertia(-1, -1.0),
    "cosine_so3_scale": cosine("so3-scale"),
    "cosine_so3": cosine("so3"),
}


def rows(name: str, task: Task, seeds: list[int]) -> Iterator[str]:
    """A line of the table for each candidate."""
    tests = [symmetry_test(*task.data(task.samples, s), task.groups, *task.types) for s in seeds]
    for candidate in task.groups:
        truth = "-" if task.shuffled else f"{task.truth(candidate):.3f}"
        cells = " | ".join(_cell(test[candidate]) for test in tests)
        yield f"| {name} | {candidate} | {truth} | {cells} |"


def _cell(verdict: Verdict) -> str:
    word = "no verdict" if verdict.verdict.startswith("no verdict") else verdict.verdict.split()[0]
    numbers = f"[{verdict.lower:.3f}, {verdict.upper:.3f}]"
    return f"{word.rstrip(',')}, {p_text(verdict.p)}, {numbers}"


def timing_rows(sizes: list[int]) -> Iterator[str]:
    """A line for each number of samples: seconds by the clock, for moments and richer targets."""
    plain = inertia(2, -1.0)
    for count in sizes:
        cells = []
        for task in (plain, replace(plain, function=squared_masses)):
            data, started = task.data(count, 0), time.perf_counter()
            symmetry_test(*data, task.groups, *task.types)
            cells.append(f"{time.perf_counter() - started:.0f}")
        yield f"| {count:,} | {' | '.join(cells)} |"


def squared_masses(x: Tensor) -> Tensor:
    """The sum of m^2 r r^T over five bodies x (n, 20), its last row halved, (n, 3, 3)."""
    m, r = x[:, :5], x[:, 5:].unflatten(1, (5, 3))
    moments = torch.einsum("nb,nbi,nbj->nij", m**2, r, r)
    return moments * torch.tensor([1.0, 1.0, 0.5])[:, None]


def alpha_rows(seeds: list[int]) -> Iterator[str]:
    """A line for each size of the break under SO(3): alpha of a plain network, seed by seed."""
    for dial in (0.0, 0.25, 0.5, 1.0):
        task = known_answer(dial, 0.0, 0.0)
        cells = []
        for seed in seeds:
            f = trained(*task.data(TRAINED_ON, seed), seed)
            held_out = task.data(4000, 1000 + seed)
            found = symmetry_test(*held_out, ["SO(3)"], *task.types, model=f)["SO(3)"]
            cells.append(f"{found.alpha:.2f} ± {found.alpha_error:.2f}")
        yield f"| {dial:g} | {' | '.join(cells)} |"


def trained(x: Tensor, y: Tensor, seed: int) -> nn.Module:
    """A plain network, trained on all of some samples for 200 epochs."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        *(nn.Linear(x.shape[1], 128), nn.SiLU(), nn.Linear(128, 128), nn.SiLU()),
        nn.Linear(128, y.shape[1]),
    ).double()
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200)
    for _ in range(200):
        for rows in torch.randperm(len(x)).split(100):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
            optimizer.step()
        scheduler.step()
    return net.eval()


def main() -> None:
    """Prints a table for RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--alpha", action="store_true", help="the share of symmetrising instead")
    parser.add_argument("--timing", type=int, nargs="+", help="numbers of samples to time instead")
    given = parser.parse_args()
    if given.timing:
        print("| samples | moments of inertia, s | squared masses, s |\n|---|---|---|")
        for line in timing_rows(given.timing):
            print(line, flush=True)
        return
    if given.alpha:
        print(f"| break of SO(3) | {' | '.join(f'seed {s}' for s in given.seeds)} |")
        print("\n".join([f"|{'---|' * (1 + len(given.seeds))}", *alpha_rows(given.seeds)]))
        return
    print(f"| task | candidate | truth | {' | '.join(f'seed {s}' for s in given.seeds)} |")
    print(f"|{'---|' * (3 + len(given.seeds))}")
    started = time.process_time()
    for name in given.tasks:
        for line in rows(name, TASKS[name], given.seeds):
            print(line, flush=True)
    print(f"\n{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()
