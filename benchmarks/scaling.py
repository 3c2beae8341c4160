"""Time and memory of the penalties against width, number of groups and tensor rank.

    python benchmarks/scaling.py                      # about a minute on two cores
    python benchmarks/scaling.py --widths 64 256 1024 --threads 1 --figure here.png

The network is an MLP of typed linear layers with one hidden layout of the width asked for, as many
numbers of each rank, and two layers inside. Width runs with tensors up to rank 2 and three groups,
the number of groups at width 405, the rank at width 405 with three groups. Times are of one pass,
values and gradients, median (least to most); memory is what a pass keeps and what it asks for at
its peak beyond the gradients themselves, as a multiple of the weights. Exponents are fitted to the
upper half of more than five points.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # the profiler greets otherwise

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

from benchmarks.timing import default_device, device_name, in_turns, positive, spread, synchronise
from softsym.networks import TypedLinear
from softsym.regularizers.projection.block_layout import BlockLayout
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.reporting.palette import DASHES, SERIES, log_axis, styled
from softsym.symmetries import Rep, group, rep
from softsym.symmetries.solver import forget_bases

GROUPS = (
    "O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)", "SO(3)", "SO(2)@xy", "SO(2)@yz", "SO(2)@xz",
    "Reflect(3)", "C(4)@xy", "C(4)@yz", "C(4)@xz", "D(4)@xy", "D(4)@yz", "D(4)@xz", "S(3)",
)  # fmt: skip
DIM = 3
MIDDLE, USUAL_GROUPS, USUAL_RANK = 405, 3, 2
PANELS = ("width", "groups", "rank")


@dataclass(frozen=True)
class Point:
    """One network and what its penalties cost.

    Attributes:
        panel: What varies.
        value: Its value.
        weights: Number of weights that types say something of.
        times: Milliseconds of one pass.
        step: Milliseconds of a step without penalties: forward, backward, Adam.
        build: Seconds to solve all bases and lay out the blocks.
        memory: Most of what a pass keeps and asks for, in bytes, without the gradients.
    """

    panel: str
    value: int
    weights: int
    times: list[float]
    step: list[float]
    build: float
    memory: int

    @property
    def milliseconds(self) -> float:
        """The median."""
        return statistics.median(self.times)

    @property
    def multiple(self) -> float:
        """Memory as a multiple of that of the weights (float32)."""
        return self.memory / (4 * self.weights)


def layout(width: int, rank: int) -> Rep:
    """A type of about ``width`` numbers, with equally many of each rank up to ``rank``."""
    rounds = max(round(width / ((rank + 1) * DIM**rank)), 1)
    return rep(" + ".join(f"{rounds * DIM ** (rank - r)}T{r}" for r in range(rank + 1)))


def network(width: int, rank: int) -> nn.Sequential:
    """Typed layers with SiLU between them."""
    hidden = layout(width, rank)
    sizes = [rep("5T0 + 5T1"), hidden, hidden, hidden, rep("T2")]
    layers: list[nn.Module] = []
    for rep_in, rep_out in pairwise(sizes):
        layers += [TypedLinear(rep_in, rep_out, DIM), nn.SiLU()]
    return nn.Sequential(*layers[:-1])


def measure(panel: str, value: int, batch: int, repeats: int, device: torch.device) -> Point:
    """One point of the panel."""
    settings = {"width": MIDDLE, "groups": USUAL_GROUPS, "rank": USUAL_RANK} | {panel: value}
    model = network(settings["width"], settings["rank"]).to(device)
    layers, groups = typed_layers(model), [group(n, DIM) for n in GROUPS[: settings["groups"]]]
    forget_bases()
    began = time.perf_counter()
    layers_pass = ProjectionPass(layers, groups)
    synchronise(device)
    build = time.perf_counter() - began
    x = torch.randn(batch, 20, device=device)

    def differentiate() -> None:
        layers_pass.penalties().sum().backward()

    def penalties() -> None:
        model.zero_grad()
        differentiate()

    adam = torch.optim.Adam(model.parameters(), lr=0.0, fused=True)

    def step() -> None:
        model.zero_grad()
        model(x).square().mean().backward()
        adam.step()

    times = in_turns({"penalties": penalties, "step": step}, repeats, device)
    weights = sum(parameter.numel() for parameter in layers_pass.parameters)
    model.zero_grad()
    asked_for = peak_bytes(differentiate, device)
    memory = kept_bytes(layers_pass.layout) + asked_for - 4 * weights
    width = layers[1].rep_in.size(DIM)  # about what was asked for
    value = width if panel == "width" else value
    return Point(panel, value, weights, times["penalties"], times["step"], build, memory)


def kept_bytes(layout: BlockLayout) -> int:
    """Memory of the tables and bases that a layout keeps from pass to pass."""
    parts = {id(part): part for part in [layout, *layout.gathered, *(m[0] for m in layout.regular)]}
    values = [value for part in parts.values() for value in vars(part).values()]
    tables = [value for value in values if isinstance(value, torch.Tensor)]
    dense = [t for t in tables if t.layout == torch.strided]
    for t in tables:
        if t.layout == torch.sparse_csr:
            dense += [t.crow_indices(), t.col_indices(), t.values()]
    return sum(t.nbytes for t in dense)


def peak_bytes(function: Callable[[], None], device: torch.device) -> int:
    """The most memory that tensors made in one call take at any moment."""
    if device.type == "cuda":
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        function()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(profile_memory=True) as profiler:
        function()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(path))
        events = json.loads(path.read_text())["traceEvents"]
    changes = sorted((e["ts"], e["args"]["Bytes"]) for e in events if e["name"] == "[memory]")
    return int(np.cumsum([change for _, change in changes]).max(initial=0))


def exponent(points: Sequence[Point], of: Callable[[Point], float]) -> float:
    """Slope of log(of) over log(value), of many points in the upper half."""
    upper = points[len(points) // 2 :] if len(points) > 5 else points
    x, y = np.log([p.value for p in upper]), np.log([of(p) for p in upper])
    return float(np.polyfit(x, y, 1)[0])


def table(points: Sequence[Point], title: str) -> Table:
    """All points."""
    shown = Table(
        "panel", "value", "weights", "penalties, ms", "step, ms", "share", "build, s",
        "memory / weights", title=title,
    )  # fmt: skip
    for p in points:
        share = p.milliseconds / statistics.median(p.step)
        row = [
            p.panel,
            str(p.value),
            f"{p.weights:,}",
            spread(p.times),
            f"{statistics.median(p.step):.1f}",
        ]
        shown.add_row(*row, f"{share:.1%}", f"{p.build:.2f}", f"{p.multiple:.1f}")
    return shown


@styled
def figure(points: Sequence[Point], title: str) -> Figure:
    """Time above, memory below, a column for each panel."""
    drawn = Figure(figsize=(9.5, 5.6), layout="constrained")
    axes = drawn.subplots(2, len(PANELS), sharex="col")
    for column, panel in enumerate(PANELS):
        chosen = [p for p in points if p.panel == panel]
        if len(chosen) < 2:
            continue
        time_of, memory_of = (lambda p: p.milliseconds), (lambda p: p.memory / 2**20)
        lines = {
            (0, f"penalties, exponent {exponent(chosen, time_of):.2f}"): time_of,
            (0, "the step without"): lambda p: statistics.median(p.step),
            (1, f"memory, exponent {exponent(chosen, memory_of):.2f}"): memory_of,
            (1, "the weights"): lambda p: 4 * p.weights / 2**20,
        }
        for row, ax in enumerate(axes[:, column]):
            _draw(ax, chosen, {name: of for (r, name), of in lines.items() if r == row})
        axes[1, column].set_xlabel(panel)
    axes[0, 0].set_ylabel("ms")
    axes[1, 0].set_ylabel("MiB")
    drawn.suptitle(title)
    return drawn


def _draw(ax: Axes, points: Sequence[Point], lines: Mapping[str, Callable[[Point], float]]) -> None:
    values = [p.value for p in points]
    for (name, of), colour, dashes in zip(lines.items(), SERIES, DASHES, strict=False):
        shown = [of(p) for p in points]
        ax.plot(values, shown, marker="o", ms=4, color=colour, linestyle=dashes, label=name)
    ax.set_xscale("log")
    ax.set_xticks(values, [str(value) for value in values])
    ax.minorticks_off()
    log_axis(ax, [of(p) for p in points for of in lines.values()])
    ax.legend(fontsize=8)


def main() -> None:
    """Prints the tables and draws the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--widths", type=positive, nargs="*", default=[64, 128, 256, 512, 1024, 2048, 4096])
    add(
        "--groups",
        type=positive,
        nargs="*",
        default=[1, 2, 4, 8, 16],
        help="numbers of groups, at most 16",
    )
    add("--ranks", type=positive, nargs="*", default=[1, 2, 3, 4])
    add("--batch", type=positive, default=1024, help="of the step to compare with")
    add("--repeats", type=positive, default=5, help="at least 5")
    add("--threads", type=positive, default=torch.get_num_threads())
    add("--figure", type=Path, default=Path("outputs/scaling.png"))
    arguments = parser.parse_args()
    if arguments.repeats < 5:
        parser.error(f"--repeats must be at least 5; got {arguments.repeats}")
    if max(arguments.groups, default=1) > len(GROUPS):
        parser.error(f"--groups must be at most {len(GROUPS)}; got {max(arguments.groups)}")
    values = (arguments.widths, arguments.groups, arguments.ranks)
    torch.set_num_threads(arguments.threads)
    device = default_device()
    title = f"torch {torch.__version__}, {arguments.threads} threads, {device_name(device)}"
    wanted = [(p, v) for p, found in zip(PANELS, values, strict=True) for v in sorted(found)]
    console = Console(width=110)
    points = [
        measure(panel, value, arguments.batch, arguments.repeats, device)
        for panel, value in track(wanted, "measuring", console=Console(stderr=True))
    ]
    console.print(table(points, f"step at batch {arguments.batch}; {title}"))
    arguments.figure.parent.mkdir(parents=True, exist_ok=True)
    figure(points, title).savefig(arguments.figure, dpi=120)
    console.print(f"Figure: {arguments.figure}")


if __name__ == "__main__":
    main()
