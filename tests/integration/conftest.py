"""Runs ``train.py`` as a user does, in a process of its own."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from warm_python import ROOT, Forked, WarmPython, plain_environment

TINY = (
    "logger=csv",
    "threads=1",
    "network.channels=16",
    "datamodule.samples=64",
    "datamodule.batch_size=32",
    "adjust_epoch=6",
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

    def __init__(self, folder: Path, warm: WarmPython) -> None:
        self.folder, self.warm = folder, warm

    def start(self, *overrides: str, tiny: bool = True) -> Forked:
        """Starts a run, for tests of what happens to it meanwhile."""
        arguments = self._arguments(overrides, tiny)
        return self.warm.start(ROOT / "train.py", arguments, self.folder, plain_environment())

    def finish(self, process: Forked, *overrides: str) -> Run:
        output, _ = process.communicate(timeout=300)
        return Run(self._folder(overrides), process.returncode, output)

    def run(self, *overrides: str, tiny: bool = True) -> Run:
        """Runs to the end, however it ends."""
        return self.finish(self.start(*overrides, tiny=tiny), *overrides)

    def __call__(self, *overrides: str, tiny: bool = True, ok: bool = True) -> Run:
        run = self.run(*overrides, tiny=tiny)
        assert (run.returncode == 0) == ok, run.output
        return run

    def _arguments(self, overrides: tuple[str, ...], tiny: bool) -> list[str]:
        arguments = [*(TINY if tiny else ()), *overrides]
        if not any(o.startswith(("run_dir=", "name=", "-")) for o in overrides):
            arguments.append(f"run_dir={self.folder / 'run'}")
        return arguments

    def _folder(self, overrides: tuple[str, ...]) -> Path:
        named = [o.removeprefix("run_dir=") for o in overrides if o.startswith("run_dir=")]
        return Path(named[-1] if named else self.folder / "run")


@pytest.fixture
def train(tmp_path, warm):
    return Trainer(tmp_path, warm)


@pytest.fixture(scope="session")
def trainer_in(warm):
    """Makes what starts runs in a folder, for tests that share a run."""
    return lambda folder: Trainer(folder, warm)


@pytest.fixture(scope="session")
def shared_run(tmp_path_factory, warm, worker_id):
    """Trains once for all workers of a test session, for tests that only read or compare."""
    # each worker has a folder of its own below that of the session
    own = tmp_path_factory.getbasetemp()
    session = own if worker_id == "master" else own.parent

    def make(name: str, *overrides: str) -> Run:
        folder = session / name
        folder.mkdir(exist_ok=True)
        ended = folder / "ended.json"
        with FileLock(folder / "lock"):
            if not ended.exists():
                run = Trainer(folder, warm)(*overrides)
                ended.write_text(json.dumps([str(run.folder), run.returncode, run.output]))
        path, code, output = json.loads(ended.read_text())
        return Run(Path(path), code, output)

    return make


@pytest.fixture(scope="session")
def finished(shared_run):
    """One undisturbed tiny run."""
    return shared_run("finished")


@pytest.fixture(scope="session")
def logged_run(shared_run):
    """As ``finished``, but told to Weights & Biases too, every epoch, with group and tags."""
    settings = ("logger=wandb", "module.log_every_n_epochs=1", "logger.wandb.group=mine")
    return shared_run("logged", *settings, "logger.wandb.tags=[a,b]")
