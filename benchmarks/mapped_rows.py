"""Rows read from a disk while training, against a bare PyTorch loop over the same rows in memory.

    python benchmarks/mapped_rows.py                                # 10 million rows of 20 numbers
    python benchmarks/mapped_rows.py --rows 1000000 --repeats 3     # a tenth of it

Both train the MLP of ``experiment=arrays`` with the same batches, epoch by epoch in turns, so that
a busy moment of the machine falls on both; seconds on the CPU tell apart what still differs. Ours
is everything that ``train.py`` runs: the mapped datamodule, Lightning's loop, the module, its
records and callbacks. The bare loop is a permutation, indexing, forward, backward and the
optimizer. Validation is left out of both.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import lightning
import numpy as np
import torch
from hydra import compose, initialize_config_dir
from lightning import Callback
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.timing import device_name, positive
from softsym.cli import resolvers
from softsym.cli.overrides import CONF
from softsym.cli.quiet import quiet
from softsym.cli.run import Parts, build

CHUNK = 1 << 18
"""Rows that are written at once."""
COLUMNS = 20


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=positive, default=10_000_000)
    parser.add_argument("--batch", type=positive, default=1024)
    parser.add_argument("--repeats", type=positive, default=5, help="epochs of each that count")
    parser.add_argument("--folder", type=Path, help="of the rows; a temporary one by default")
    parser.add_argument("overrides", nargs="*", help="settings of train.py, such as channels=64")
    return parser.parse_args()


def write(folder: Path, rows: int) -> None:
    """Writes inputs (rows, 20) and targets (rows, 1), float32, a chunk at a time."""
    draw = np.random.default_rng(0)
    kept = [
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, (rows, width))
        for name, width in (("X", COLUMNS), ("Y", 1))
    ]
    for start in range(0, rows, CHUNK):
        x = draw.standard_normal((min(CHUNK, rows - start), COLUMNS), dtype=np.float32)
        kept[0][start : start + len(x)] = x
        kept[1][start : start + len(x)] = x[:, :1] * x[:, 1:2] + np.sin(x[:, 2:3])
    for each in kept:
        each.flush()


def parts(folder: Path, given: argparse.Namespace) -> Parts:
    """Builds what ``train.py experiment=arrays`` builds, without regularizers."""
    epochs = given.repeats + 1
    settings = [
        *("experiment=arrays", f"datamodule.file='{folder / 'X.npy'}'"),
        *(f"datamodule.targets_file='{folder / 'Y.npy'}'", "datamodule.rep_in=20T0"),
        *("datamodule.rep_out=T0", "datamodule.mapped=true", "datamodule.split=[0.98,0.01,0.01]"),
        *(f"datamodule.batch_size={given.batch}", f"paths.output='{folder / 'run'}'"),
        *(f"paths.cache='{folder}'", "logger=none", "policy=fixed"),
        *("callbacks=default", f"trainer.max_epochs={epochs}"),
        *(f"trainer.check_val_every_n_epoch={epochs + 1}", "checkpoint.every_n_epochs=1000"),
    ]
    resolvers.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("train", [*settings, *given.overrides])
    torch.set_num_threads(config.threads)
    quiet()
    return build(config)


class BareLoop:
    """The same training without any of our parts, over tensors in memory."""

    def __init__(self, network: nn.Module, optimizer: Any, data: tuple[Tensor, Tensor]) -> None:
        self.network = copy.deepcopy(network)
        self.optimizer = optimizer(self.network.parameters())
        self.inputs, self.targets = data

    def epoch(self, batch: int) -> None:
        """One pass over all rows in random order."""
        order = torch.randperm(len(self.inputs))
        for rows in order.split(batch):
            loss = nn.functional.mse_loss(self.network(self.inputs[rows]), self.targets[rows])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


class InTurns(Callback):
    """Times each of our epochs, and after it one of the bare loop."""

    def __init__(self, bare: BareLoop, batch: int) -> None:
        self.bare, self.batch = bare, batch
        self.seconds: dict[str, list[np.ndarray]] = {"mapped rows": [], "bare loop": []}
        self.began = now()

    def on_train_epoch_start(self, *_: Any) -> None:
        self.began = now()

    def on_train_epoch_end(self, *_: Any) -> None:
        middle = now()
        self.bare.epoch(self.batch)
        self.seconds["mapped rows"].append(middle - self.began)
        self.seconds["bare loop"].append(now() - middle)


def now() -> np.ndarray:
    """The time on the clock, and that of this process on the CPU, in seconds."""
    return np.array([time.perf_counter(), time.process_time()])


def ratios(ours: np.ndarray, bare: np.ndarray) -> str:
    """Rates of our epochs over those of the bare loop, from their seconds."""
    found = (bare / ours).tolist()
    return f"{statistics.median(found):.2f}, from {min(found):.2f} to {max(found):.2f}"


def main() -> int:
    given, console = arguments(), Console()
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        folder = Path(scratch)
        write(folder, given.rows)
        began = time.perf_counter()
        made = parts(folder, given)
        made.datamodule.setup()
        preparation = time.perf_counter() - began
        rows = made.datamodule.splits["train"]
        data = rows[0][:], rows[1][:]  # standardised, in memory
        turns = InTurns(BareLoop(made.module.network, made.module.optimizer, data), given.batch)
        callbacks: list[Any] = made.trainer.callbacks  # type: ignore[attr-defined]
        callbacks.append(turns)
        made.trainer.fit(made.module, made.datamodule)
    # the first epochs touch the file for the first time
    seconds = {name: np.array(values[1:]) for name, values in turns.seconds.items()}
    table = Table(
        "loop",
        "rows a second",
        "least",
        "most",
        title=f"{given.repeats} epochs each, batches of {given.batch}",
    )
    for name, values in seconds.items():
        rates = (len(data[0]) / values[:, 0]).tolist()
        table.add_row(name, *(f"{f(rates):,.0f}" for f in (statistics.median, min, max)))
    console.print(table)
    ours, bare = seconds.values()
    console.print(
        f"ratio of the rates by the clock: median {ratios(ours[:, 0], bare[:, 0])}\n"
        f"ratio by seconds on the CPU: median {ratios(ours[:, 1], bare[:, 1])}\n"
        f"{preparation:.0f} s before the first step, which check all numbers and find the scales\n"
        f"{os.cpu_count()} CPUs of {device_name(torch.device('cpu'))}, {torch.get_num_threads()} "
        f"threads, torch {torch.__version__}, lightning {lightning.__version__}, numpy "
        f"{np.__version__}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
