"""Strengths by evidence on a network: does MacKay's fixed point find the symmetries, and use them?

    python benchmarks/evidence_network.py --seeds 3

A soft EMLP learns the moment of inertia, with every plane kept (exact) or ``O(2)@xy`` alone (z).
The prior on its weights has the precision Lambda = alpha 1 + sum_G lambda_G Q_G with Q_G = 1 - P_G,
whose quadratic form is the projection penalty. At four epochs,

    lambda_G <- gamma_G / |Q_G w|^2,    gamma_G = lambda_G tr[(Lambda^-1 - (H + Lambda)^-1) Q_G],

with H the Gauss-Newton curvature of all training samples; the precision of the noise follows
likewise (MacKay 1992). Traces are means over probes, inverses conjugate gradients. The precisions
start weak, or as strong as the strengths that tuning by hand found. Compared with penalties that
are fixed from the start, for the planes that hold alone (told), and with none.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from benchmarks.symmetry_study.store import in_turns, run
from softsym.datamodules import Inertia
from softsym.networks import SoftEMLP
from softsym.regularizers import ProjectionRegularizer

PLANES = ("O(2)@xy", "O(2)@yz", "O(2)@xz")
TASKS = {"z": (-1.0, PLANES[:1]), "exact": (0.0, PLANES)}
"""Task -> eps of the z axis, and the planes that hold."""
METHODS = ("none", "told", "weak", "strong")
"""Without penalties, with those of the planes that hold, and by evidence from two starts."""
CELLS = {f"{task} {method}": (task, method) for task in TASKS for method in METHODS}
EPOCHS, BATCH, SAMPLES = 400, 500, 1000
UPDATES = (50, 100, 200, 300)
TOLD = 10.0
"""Strength of the planes that hold, as tuning by hand found it."""
ALPHA = 1e-2
PROBES, SOLVES = 2, 20
"""Probes of a trace, and steps of conjugate gradients."""
WEAK, STRONGEST = 1.0, 1e8
"""A weak first precision of a candidate, and the bound of all."""


@dataclass
class Study:
    """A network, its penalties, and the training samples.

    Attributes:
        network: The network.
        regularizers: One for each plane.
        x: Inputs (n, 20).
        y: Targets (n, 9) in units of their spread.
    """

    network: nn.Module
    regularizers: list[ProjectionRegularizer]
    x: Tensor
    y: Tensor

    def penalties(self) -> Tensor:
        """1/2 |Q_G w|^2 of each plane."""
        bound: Any = self.network
        return torch.stack(ProjectionRegularizer.penalties(self.regularizers, bound, None, self.y))

    def broken_parts(self, v: Tensor) -> Tensor:
        """Q_G v of weights v (size,) for each plane, (planes, size)."""
        weights = list(self.network.parameters())
        kept = parameters_to_vector(weights).detach().clone()
        vector_to_parameters(v, weights)
        rows = [
            parameters_to_vector(
                torch.autograd.grad(
                    p, weights, retain_graph=True, allow_unused=True, materialize_grads=True
                )
            )
            for p in self.penalties()
        ]
        vector_to_parameters(kept, weights)
        return torch.stack(rows).detach()

    def curved(self, v: Tensor) -> Tensor:
        """J^T J v, with J the derivative of all outputs by the weights."""
        names = {n: p.detach() for n, p in self.network.named_parameters()}
        sizes = [p.numel() for p in names.values()]
        parts = {
            n: part.view_as(p) for (n, p), part in zip(names.items(), v.split(sizes), strict=True)
        }

        def outputs(values: dict[str, Tensor]) -> Tensor:
            return functional_call(self.network, values, (self.x,))

        _, slope = jvp(outputs, (names,), (parts,))
        _, back = vjp(outputs, names)
        return torch.cat([g.reshape(-1) for g in back(slope)[0].values()])


def solve(A: Callable[[Tensor], Tensor], b: Tensor) -> Tensor:
    """Conjugate gradients for A u = b."""
    u, r = torch.zeros_like(b), b.clone()
    p, size = r.clone(), r @ r
    for _ in range(SOLVES):
        if size <= 1e-10 * (b @ b):
            break
        Ap = A(p)
        step = size / (p @ Ap)
        u, r = u + step * p, r - step * Ap
        size, before = r @ r, size
        p = r + size / before * p
    return u


def updated(
    study: Study, precisions: Tensor, noise: float, draw: torch.Generator
) -> tuple[Tensor, float]:
    """The next precision of each candidate, and of the noise."""
    w = parameters_to_vector(study.network.parameters()).detach()

    def prior(v: Tensor) -> Tensor:
        return ALPHA * v + precisions @ study.broken_parts(v)

    def posterior(v: Tensor) -> Tensor:
        return prior(v) + noise * study.curved(v)

    shrunk, used = torch.zeros(len(PLANES)), 0.0
    for _ in range(PROBES):
        v = 2.0 * torch.randint(2, w.shape, generator=draw).float() - 1
        rows = study.broken_parts(v)
        shrunk += torch.stack([r @ (solve(prior, r) - solve(posterior, r)) for r in rows])
        used += float(v @ solve(posterior, noise * study.curved(v)))
    squares = 2 * study.penalties().detach()
    gammas = precisions * shrunk / PROBES
    with torch.no_grad():
        left = float((study.network(study.x) - study.y).square().sum())
    freedom = max(study.y.numel() - used / PROBES, 0.01 * study.y.numel())
    return (gammas / squares.clamp(min=1e-12)).clamp(0, STRONGEST), freedom / max(left, 1e-12)


def repetition(cell: str, seed: int) -> dict[str, Any]:
    """Trains once; errors, strengths and seconds."""
    task, method = CELLS[cell]
    eps, kept = TASKS[task]
    data = Inertia(2, eps, 5, SAMPLES, BATCH, ood=None, data_seed=seed)
    data.setup()
    scale = data.splits["train"][1].std()
    x, y = data.splits["train"][0], data.splits["train"][1] / scale
    network = SoftEMLP("5T0 + 5T1", "T2", "O(3)", channels=64, hidden_layers=2, seed=seed)
    study = Study(network, [ProjectionRegularizer(plane, 1.0, 3) for plane in PLANES], x, y)
    for regularizer in study.regularizers:
        regularizer.bind(network)
    given = PLANES if method == "strong" else kept if method == "told" else ()
    strengths = torch.tensor([TOLD * (plane in given) for plane in PLANES])
    noise = 1.0
    precisions = (strengths * noise * y.numel() / 2).clamp(min=WEAK)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    draw = torch.Generator().manual_seed(seed)
    asked = 0.0
    best, score = float("inf"), float("nan")
    for epoch in range(1, EPOCHS + 1):
        for rows in torch.randperm(len(x), generator=draw).split(BATCH):
            optimizer.zero_grad()
            loss = (network(x[rows]) - y[rows]).square().mean()
            (loss + strengths @ study.penalties()).backward()
            optimizer.step()
        schedule.step()
        if method in ("weak", "strong") and epoch in UPDATES:
            began = time.process_time()
            precisions, noise = updated(study, precisions, noise, draw)
            # the loss is a mean of squares: 2 / (noise numel) of the negative log posterior
            strengths = 2 * precisions / (noise * y.numel())
            asked += time.process_time() - began
        if epoch % 10 == 0:
            with torch.no_grad():
                errors = {
                    split: float((network(a) - b / scale).square().mean() * scale**2)
                    for split, (a, b) in data.splits.items()
                    if split != "train"
                }
            if errors["val"] < best:
                best, score = errors["val"], errors["test"]
    return {"mse": score, "strengths": strengths.tolist(), "asked": asked}


def right(task: str, strengths: Sequence[float]) -> bool:
    """Whether every plane that holds has a larger strength than every one that is broken."""
    kept = TASKS[task][1]
    holds = [s for s, plane in zip(strengths, PLANES, strict=True) if plane in kept]
    breaks = [s for s, plane in zip(strengths, PLANES, strict=True) if plane not in kept]
    return not breaks or min(holds) > max(breaks)


def main(given: Sequence[str] | None = None) -> None:
    """Prints the table for RESULTS.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--workers", type=int, default=1, help="processes of one thread")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--out", type=Path, default=Path("outputs/evidence_network.jsonl"))
    options = parser.parse_args(given)
    torch.set_num_threads(1)
    todo = in_turns(list(CELLS), options.seeds)
    found = run(repetition, todo, options.out, options.workers, options.minutes)
    print("| task | method | test MSE | order | strengths of xy, yz, xz | seconds | of updates |")
    print("|---" * 7 + "|")
    for cell in (cell for cell in CELLS if found.get(cell)):
        print(row(cell, found[cell]))


def row(cell: str, found: Sequence[dict[str, Any]]) -> str:
    """A line of the table."""
    task, method = CELLS[cell]
    runs = [each["result"] for each in found]
    errors = [each["mse"] for each in runs]
    spread = f" ({stdev(errors):.2g})" if len(errors) > 1 else ""
    strengths = [mean(each["strengths"][k] for each in runs) for k in range(len(PLANES))]
    evidence = method in ("weak", "strong")
    order = sum(right(task, each["strengths"]) for each in runs)
    cells = [
        task,
        f"evidence, {method} start" if evidence else method,
        f"{mean(errors):.3g}{spread}",
        f"{order} of {len(runs)}" if evidence and set(TASKS[task][1]) != set(PLANES) else "-",
        ", ".join(f"{each:.2g}" for each in strengths),
        f"{mean(each['cpu'] for each in found):.0f}",
        f"{mean(each['asked'] for each in runs):.0f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
