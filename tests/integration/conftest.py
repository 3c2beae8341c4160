"""Runs ``train.py`` as a user does, in a process of its own."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = (
    "logger=csv",
    "threads=1",
    "network.channels=16",
    "datamodule.samples=64",
    "datamodule.batch_size=32",
    "policy.epoch=6",
    "trainer.max_epochs=24",
    "checkpoint.every_n_epochs=2",
)
"""Makes the quickstart experiment last a second."""


@dataclass
class Run:
    """A run's folder, and how its process ended."""

    folder: Path
    returncode: int
    output: str

    @property
    def metrics(self) -> dict[str, float]:
        return json.loads((self.folder / "metrics.json").read_text())

    @property
    def strengths(self) -> list[dict[str, str]]:
        with (self.folder / "strengths.csv").open() as file:
            return list(csv.DictReader(file))


class Trainer:
    """Starts ``train.py`` with overrides; ``tiny`` ones first, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *overrides: str, tiny: bool = True) -> subprocess.Popen:
        command = [sys.executable, str(ROOT / "train.py"), *(TINY if tiny else ()), *overrides]
        if not any(o.startswith(("run_dir=", "name=", "-")) for o in overrides):
            command.append(f"run_dir={self.folder / 'run'}")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("WANDB")}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment | {"WANDB_MODE": "offline", "NETRC": "/dev/null", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self, process: subprocess.Popen, *overrides: str) -> Run:
        output, _ = process.communicate(timeout=300)
        named = [o.removeprefix("run_dir=") for o in overrides if o.startswith("run_dir=")]
        return Run(Path(named[-1] if named else self.folder / "run"), process.returncode, output)

    def __call__(self, *overrides: str, tiny: bool = True, ok: bool = True) -> Run:
        run = self.finish(self.start(*overrides, tiny=tiny), *overrides)
        assert (run.returncode == 0) == ok, run.output
        return run


@pytest.fixture
def train(tmp_path):
    return Trainer(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """One undisturbed tiny run, for tests that only read or compare."""
    return Trainer(tmp_path_factory.mktemp("finished"))()


@pytest.fixture(scope="session")
def logged_run(tmp_path_factory):
    """As ``finished``, but told to Weights & Biases too, every epoch, with group and tags."""
    settings = ("logger=wandb", "module.log_every_n_epochs=1", "logger.wandb.group=mine")
    return Trainer(tmp_path_factory.mktemp("logged"))(*settings, "logger.wandb.tags=[a,b]")
