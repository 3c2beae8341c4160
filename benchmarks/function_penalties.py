"""What function regularizers cost: the time of a training step relative to a plain one.

    python benchmarks/function_penalties.py

A step is forward, loss, penalties and backward of a plain MLP with two hidden layers, from five
scalars and five vectors to a matrix. All steps of one size are measured in turns, so that a busy
moment of the machine falls on all; what counts is the ratio of medians. ``alone`` gives every group
a pass over the whole batch.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import statistics

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from benchmarks.timing import default_device, device_name, in_turns, positive
from softsym.networks import MLP
from softsym.regularizers import FunctionRegularizer, LieDerivativeRegularizer, Regularizer
from softsym.regularizers.base import all_penalties

CONNECTED = (
    "SO(3)", "SO(2)@xy", "SO(2)@yz", "SO(2)@xz", "O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)",
)  # fmt: skip
COUNTS = (1, 3, 8)
SIZES = ((128, 500), (256, 1024), (512, 4096))
"""Width of the hidden layers, and number of samples."""
KINDS: dict[str, Callable[[str], Regularizer]] = {
    "function": lambda name: FunctionRegularizer(name, 1.0),
    "function, stopped": lambda name: FunctionRegularizer(name, 1.0, gradient="stopped"),
    "function, alone": lambda name: FunctionRegularizer(name, 1.0, share_batch=False),
    "lie": lambda name: LieDerivativeRegularizer(name, 1.0),
    "lie, alone": lambda name: LieDerivativeRegularizer(name, 1.0, share_batch=False),
}


def steps(width: int, batch: int, device: torch.device) -> dict[str, Callable[[], object]]:
    """A step for each kind and number of groups, and the plain one, by name."""
    network = MLP("5T0 + 5T1", "T2", dim=3, channels=width, hidden_layers=2).to(device)
    x, y = (torch.randn(batch, size, device=device) for size in (20, 9))
    found = {"plain": step(network, (x, y), [])}
    for kind, make in KINDS.items():
        for count in COUNTS:
            made = [make(name) for name in CONNECTED[:count]]
            for regularizer in made:
                regularizer.bind(network)
            found[f"{kind}|{count}"] = step(network, (x, y), made)
    return found


def step(
    network: nn.Module,
    batch: tuple[torch.Tensor, torch.Tensor],
    regularizers: Sequence[Regularizer],
) -> Callable[[], object]:
    """One training step but for the optimizer's part."""
    # what a regularizer needs of a training module
    module: Any = SimpleNamespace(network=network, global_step=0)
    named = {str(i): r for i, r in enumerate(regularizers)}

    def run() -> None:
        network.zero_grad()
        module.global_step += 1
        prediction = network(batch[0])
        penalties = all_penalties(named, module, batch, prediction)
        loss = (prediction - batch[1]).square().mean()
        torch.stack([loss, *penalties.values()]).sum().backward()

    return run


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=positive, default=30)
    parser.add_argument("--threads", type=positive, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = default_device()
    columns = [f"{kind}, {count}" for kind in KINDS for count in COUNTS]
    title = f"torch {torch.__version__}, {arguments.threads} threads, {device_name(device)}"
    table = Table("kind, groups", *(f"width {w}, batch {b}" for w, b in SIZES), title=title)
    cells: dict[str, list[str]] = {name: [] for name in ("plain", *columns)}
    for width, batch in SIZES:
        timed = in_turns(steps(width, batch, device), arguments.repeats, device)
        medians = {name: statistics.median(times) for name, times in timed.items()}
        cells["plain"].append(f"{medians.pop('plain'):.2f} ms")
        plain = statistics.median(timed["plain"])
        for name, median in medians.items():
            cells[name.replace("|", ", ")].append(f"{median / plain:.2f}")
    for name, values in cells.items():
        table.add_row(name, *values)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
