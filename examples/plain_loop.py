"""Which symmetries do two arrays have? A loop of plain PyTorch, without Lightning.

    python examples/plain_loop.py

The target keeps rotations about the z axis alone; so says the report at the end.
"""

from __future__ import annotations

import logging

import torch
from torch import Tensor, nn

from softsym import SymmetryTest, penalties, symmetry_test
from softsym.reporting import write_symmetry_test

log = logging.getLogger(__name__)

PAGE = "plain_loop.html"
CANDIDATES = {plane: f"O(2)@{plane}" for plane in ("xy", "yz", "xz")}
TYPES = ("2T1", "T0")


def samples(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Two vectors (count, 6), and their inner product without the z axis (count, 1)."""
    x = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    return x, x[:, 0:1] * x[:, 3:4] + x[:, 1:2] * x[:, 4:5]


def main(count: int = 2000, epochs: int = 40, strength: float = 0.02) -> SymmetryTest:
    """Trains, and returns what held-out samples say."""
    torch.manual_seed(0)
    x, y = samples(count, 0)
    network = nn.Sequential(nn.Linear(6, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
    network.append(nn.Linear(64, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    step = 0
    for epoch in range(epochs):
        for batch in torch.randperm(count).split(64):
            prediction = network(x[batch])
            term = penalties(
                *(network, x[batch], CANDIDATES, *TYPES),
                strength=strength,
                prediction=prediction,
                targets=y[batch],
                dim=3,
                seed=step,
            )
            loss = nn.functional.mse_loss(prediction, y[batch]) + term
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
        if (epoch + 1) % 10 == 0:
            listed = ", ".join(f"{name} {p.item():.2g}" for name, p in term.by_name.items())
            log.info("epoch %d: loss %.3g; penalties %s", epoch + 1, loss.item(), listed)
    tested = symmetry_test(*samples(count, 1), CANDIDATES, *TYPES, model=network)
    log.info("\n%s", tested)
    return tested


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write_symmetry_test(main(), PAGE, "Two arrays", TYPES)
