"""Where the time of one training step goes: linear layers, bilinear terms, gates, penalties.

    python benchmarks/step.py                     # inertia in the paper's size, 1 and 2 threads
    python benchmarks/step.py --batch 4096 --channels 384 --threads 1

Everything is forward and backward, in milliseconds: the median over the repeats, and the least and
the most. What is compared is measured in turns, so that a busy moment of the machine falls on all.
The matrix products alone are those of all layers, of the sizes they have in the network: what is
left when everything else is free.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.timing import default_device, device_name, in_turns, positive, spread
from softsym.lightning_modules.compilation import compiled
from softsym.networks import SoftEMLP
from softsym.regularizers.projection.layer_shares import Share
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import group

GROUPS = (
    "O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)", "SO(3)", "SO(2)@xy", "SO(2)@yz", "Reflect(3)",
)  # fmt: skip
COUNTS = (1, 3, 8)

Step = Callable[[], object]
Timed = Mapping[str, Step]


def parts(channels: int, batch: int, compile: bool, device: torch.device) -> Timed:
    """What is measured, by name."""
    network = SoftEMLP("5T0 + 5T1", "T2", "O(3)", channels=channels).to(device)
    x = torch.randn(batch, network.rep_in.size(3), device=device)
    block = network.blocks[1]
    hidden = torch.randn(block.gate.size, batch, device=device).T
    mapped = torch.randn(block.gate.size + block.gate.gates, batch, device=device).T
    found: dict[str, Step] = {
        "network": differentiated(network, x),
        "its matrix products alone": matrix_products(network, batch),
        "linear layer": differentiated(block.linear, hidden),
        "bilinear term": differentiated(block.bilinear, mapped),
        "gate": differentiated(block.gate, mapped),
    }
    if compile:
        run = compiled(network, "default")
        found["network, compiled"] = differentiated(network, x, run)
    layers = typed_layers(network)
    for count in COUNTS:
        groups = [group(name) for name in GROUPS[:count]]
        found[f"penalty, {count} groups"] = penalised(network, ProjectionPass(layers, groups))
    share = ProjectionPass(layers, [group(name) for name in GROUPS[:3]], Share(0, 2))
    found["penalty, 3 groups, one of 2 processes"] = penalised(network, share)
    return found


def differentiated(
    layer: torch.nn.Module, inputs: Tensor, run: Callable[[Tensor], Tensor] | None = None
) -> Step:
    """One call of the layer, or of what it was compiled to, forward and backward."""
    call = run or layer
    inputs = inputs.detach().requires_grad_()
    cotangent = torch.randn_like(call(inputs))

    def step() -> None:
        layer.zero_grad()
        inputs.grad = None
        call(inputs).backward(cotangent)

    return step


def matrix_products(network: SoftEMLP, batch: int) -> Step:
    """For each matrix (m, k) and its k x n numbers: the product and those of both gradients."""
    sizes = [(layer.weight, batch) for layer in typed_layers(network)]
    for block in network.blocks:
        mixes = {**block.bilinear.mix_first, **block.bilinear.mix_last}
        tensors = {f"{t.p}_{t.q}": t for t in block.bilinear.counts}
        sizes += [(mix, batch * tensors[key].size(3)) for key, mix in mixes.items()]
    operands = [
        (
            A.detach(),
            torch.randn(A.shape[1], n, device=A.device),
            torch.randn(len(A), n, device=A.device),
        )
        for A, n in sizes
    ]
    return lambda: [(A @ x, A.T @ y, y @ x.T) for A, x, y in operands]


def penalised(network: torch.nn.Module, layers: ProjectionPass) -> Step:
    """Values and gradients of all groups."""

    def step() -> None:
        network.zero_grad()
        layers.penalties().sum().backward()

    return step


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--channels", type=positive, default=128, help="width of the hidden layers")
    parser.add_argument("--batch", type=positive, default=500, help="number of samples")
    parser.add_argument("--repeats", type=positive, default=40, help="at least 5")
    parser.add_argument("--threads", type=positive, nargs="+", default=[1, 2])
    parser.add_argument("--compile", action="store_true", help="the compiled network too")
    arguments = parser.parse_args()
    if arguments.repeats < 5:
        parser.error(f"--repeats must be at least 5; got {arguments.repeats}")
    device = default_device()
    title = f"{arguments.channels} channels, batch {arguments.batch}; torch {torch.__version__}"
    table = Table(
        "part",
        *(f"{n} threads" for n in arguments.threads),
        title=f"{title}, {device_name(device)}",
    )
    cells: dict[str, list[str]] = {}
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        torch.compiler.reset()  # compiled code has the number of threads in it
        timed = parts(arguments.channels, arguments.batch, arguments.compile, device)
        for name, times in in_turns(timed, arguments.repeats, device).items():
            cells.setdefault(name, []).append(spread(times))
    for name, columns in cells.items():
        table.add_row(name, *columns)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
