"""Strengths by evidence on linear maps: does MacKay's fixed point find the symmetry, and use it?

    python benchmarks/evidence_linear_maps.py --repetitions 200

The map W from vectors to matrices (27 numbers) keeps SO(2) about z, but for a part of relative size
``broken``; y = W x + noise of standard deviation 1 is seen n times. The candidates are SO(2) about
each axis. The prior has the precision Lambda = alpha 1 + sum_G lambda_G Q_G with Q_G = 1 - P_G, and
nothing is tuned: with H the curvature of the likelihood and w the mean of the posterior,

    lambda_G <- gamma_G / |Q_G w|^2,    gamma_G = lambda_G tr[(Lambda^-1 - (H + Lambda)^-1) Q_G],

and the precision of the noise follows likewise (MacKay 1992). Compared with least squares, and with
least squares among the maps that keep SO(2) about z (told).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

import torch
from rich.console import Console
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from softsym.symmetries import equivariant_basis, group, rep

AXES = {"x": "SO(2)@yz", "y": "SO(2)@xz", "z": "SO(2)@xy"}
MAPS = rep("T1") >> rep("T2")
SIZE = 27
ROUNDS = 60
WEAK = 1e-2
"""Precision alpha of the prior on all weights."""
STRONGEST = 1e8


class Outcome(NamedTuple):
    """Whether z got the largest strength, and |W' - W|^2 of three estimates."""

    found: bool
    evidence: float
    least_squares: float
    told: float


def bases() -> list[Tensor]:
    """An orthonormal basis (27, r) of the maps that keep each candidate, z last."""
    return [equivariant_basis(group(name, 3), MAPS) for name in AXES.values()]


def simulate(n: int, broken: float, seed: int) -> Outcome:
    """One draw of map and samples."""
    draw = torch.Generator().manual_seed(seed)
    kept = bases()
    rest = [torch.eye(SIZE, dtype=torch.float64) - Q @ Q.T for Q in kept]
    w, b = (torch.randn(SIZE, generator=draw, dtype=torch.float64) for _ in range(2))
    w, b = w - rest[-1] @ w, rest[-1] @ b
    w = SIZE**0.5 * (w / w.norm() + broken * b / b.norm())
    x = torch.randn(n, 3, generator=draw, dtype=torch.float64)
    noise = torch.randn(n, SIZE // 3, generator=draw, dtype=torch.float64)
    y = x @ w.view(-1, 3).T + noise
    curvature = torch.kron(torch.eye(SIZE // 3, dtype=torch.float64), x.T @ x)
    pull = (y.T @ x).reshape(-1)
    strengths, found = fixed_point(x, y, curvature, pull, rest)
    Q = kept[-1]
    told = Q @ torch.linalg.solve(Q.T @ curvature @ Q, Q.T @ pull)
    least = torch.linalg.lstsq(x, y).solution.T.reshape(-1)
    errors = (float((guess - w).square().sum()) for guess in (found, least, told))
    return Outcome(strengths.index(max(strengths)) == len(AXES) - 1, *errors)


def fixed_point(
    x: Tensor, y: Tensor, curvature: Tensor, pull: Tensor, rest: Sequence[Tensor]
) -> tuple[list[float], Tensor]:
    """The strengths of all candidates, and the mean of the posterior (27,).

    Args:
        x: Inputs (n, 3).
        y: Targets (n, 9).
        curvature: X^T X for all outputs, (27, 27).
        pull: X^T y (27,).
        rest: Q_G of each candidate, (27, 27).
    """
    strengths, precision = [1.0] * len(rest), 1.0
    for _ in range(ROUNDS):
        prior = WEAK * torch.eye(SIZE, dtype=torch.float64)
        prior = prior + sum(s * Q for s, Q in zip(strengths, rest, strict=True))
        posterior = torch.linalg.inv(precision * curvature + prior)
        w = posterior @ (precision * pull)
        shrunk = torch.linalg.inv(prior) - posterior
        strengths = [
            min(float(s * (shrunk * Q).sum() / (w @ Q @ w).clamp(min=1e-12)), STRONGEST)
            for s, Q in zip(strengths, rest, strict=True)
        ]
        left = (y - x @ w.view(-1, 3).T).square().sum()
        used = SIZE - float((posterior * prior).sum())
        precision = float((y.numel() - used) / left)
    return strengths, w


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a row for each setting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=200)
    repetitions = parser.parse_args(arguments).repetitions
    torch.set_num_threads(1)
    console = Console()
    console.print(
        "| n | broken | z found | evidence | least squares | told |\n|---|---|---|---|---|---|"
    )
    for n, broken in ((12, 0.0), (30, 0.0), (12, 0.3)):
        runs = [simulate(n, broken, seed) for seed in range(repetitions)]
        means = [mean(run[i] for run in runs) for i in range(4)]
        errors = " | ".join(f"{value:.2f}" for value in means[1:])
        console.print(f"| {n} | {broken:g} | {means[0]:.0%} | {errors} |", markup=False)


if __name__ == "__main__":
    main()
