"""Trainings as jobs: small, on one thread, a few seconds of steps after the start."""

from __future__ import annotations

import csv
import json
import shlex
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    "logger=csv",
    "threads=1",
    "network.channels=16",
    "datamodule.samples=64",
    "datamodule.batch_size=8",
    "policy.epoch=6",
    "trainer.max_epochs=48",
    "callbacks.last.every_n_epochs=1000",
    "callbacks.strengths.every_n_epochs=2",
)
"""Eight steps an epoch; between the ends no checkpoint but those of signals."""


def command(*overrides: str) -> str:
    return shlex.join([sys.executable, str(ROOT / "train.py"), *SMALL, *overrides])


def weights(folder: Path) -> torch.Tensor:
    kept = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
    return torch.cat([value.flatten() for value in kept.values()])


def metrics(folder: Path) -> dict[str, float]:
    return json.loads((folder / "metrics.json").read_text())


def strengths(folder: Path) -> list[list[str]]:
    with (folder / "strengths.csv").open() as file:
        return list(csv.reader(file))


def finished(folder: Path) -> bool:
    return (folder / "run.json").exists()


def same(folder: Path, other: Path) -> bool:
    """Bit for bit: weights, metrics, and strengths and penalties of every epoch."""
    assert torch.equal(weights(folder), weights(other))
    assert metrics(folder) == metrics(other)
    assert strengths(folder) == strengths(other)
    return True
