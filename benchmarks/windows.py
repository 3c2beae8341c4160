"""How fast windows come: by trajdata's own samples, cut from tracks, and from the cache.

    python benchmarks/windows.py --data-dir <folder of the ETH/UCY files>
    python benchmarks/windows.py                      # simulated pedestrians
    python benchmarks/windows.py --loop               # and through the training loop, for the MLP

Prints medians of windows per second, and the memory that loading takes over the size of the arrays.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table

from softsym.cli import resolvers
from softsym.cli.overrides import CONF
from softsym.cli.quiet import quiet
from softsym.cli.run import build
from softsym.datamodules.array_store import ArrayWriter, cached_arrays
from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.motion import trajdata_scenes
from softsym.datamodules.motion.environments import environment
from softsym.datamodules.motion.layout import WindowLayout
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.datamodules.motion.tracks import SceneTracks
from softsym.datamodules.motion.windows import WindowFilter, cut
from softsym.datamodules.trajectories import TrajectoryDataModule

ENV = "eupeds_zara1"
LARGE = 2_000_000
"""Windows of the large cache."""
LOOP_EPOCHS = 12
LAYOUTS = {0: WindowLayout(8, 12), 5: WindowLayout(8, 12, velocities=True, neighbours=5)}
"""By the number of neighbours."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="the eight raw files; simulated by default")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=200, help="of trajdata's own, to time")
    parser.add_argument("--loop", action="store_true", help="time the training loop as well")
    parser.add_argument("--memory-of", nargs=2, help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    for name in ("repeats", "threads", "samples"):
        if getattr(parsed, name) < 1:
            parser.error(f"--{name} must be at least 1; got {getattr(parsed, name)}")
    if parsed.data_dir is not None:
        try:
            environment(ENV).require_folder(parsed.data_dir)
        except FileNotFoundError as error:
            parser.error(str(error))
    return parsed


def rate(count: int, work: Callable[[int], object], repeats: int) -> float:
    """Median rate, in things done a second."""
    seconds = []
    for number in range(repeats):
        started = time.perf_counter()
        work(number)
        seconds.append(time.perf_counter() - started)
    return count / statistics.median(seconds)


def made(data_dir: Path, cache: Path, **settings: object) -> TrajectoryDataModule:
    return TrajectoryDataModule(ENV, str(data_dir), str(cache), 1024, **settings)  # type: ignore[arg-type]


def count_of(data: TrajectoryDataModule) -> int:
    data.setup()
    return sum(len(inputs) for inputs, _ in data.splits.values())


def large_scene(windows: int = LARGE, steps: int = 20) -> SceneTracks:
    """Agents of fifty steps each that give a number of windows; twenty appear together."""
    agents = windows // (50 - steps + 1) + 1
    draw = np.random.default_rng(0)
    position = draw.standard_normal((agents * 50, 3)).cumsum(axis=0)
    zero = np.zeros(agents, np.int64)
    appears = 50 * (np.arange(agents) // 20)
    return SceneTracks("train", appears, zero + 50, zero, position, position)


def build_large(layout: WindowLayout, writer: ArrayWriter) -> None:
    for inputs, targets, _ in cut(large_scene(), layout, WindowFilter(), 0.4):
        writer.append("inputs", inputs)
        writer.append("targets", targets)


def measured(given: argparse.Namespace, data_dir: Path, scratch: Path) -> list[tuple[str, float]]:
    """Rows of the table: what, windows per second."""
    data = made(data_dir, scratch / "cache")
    total = count_of(data)
    rows = []
    env = data.env
    theirs = trajdata_scenes.open_dataset(
        env, "test_loo", data_dir, scratch / "theirs", history_sec=2.8, future_sec=4.8
    )
    chosen = np.linspace(0, len(theirs) - 1, given.samples).astype(int)
    by_sample = rate(given.samples, lambda _: [theirs[int(i)] for i in chosen], 3)
    rows.append(("trajdata, sample by sample", by_sample))

    def read_and_cut(number: int) -> None:
        made(data_dir, scratch / f"fresh{number}").prepare_data()

    rows.append(("read by trajdata, cut, written", rate(total, read_and_cut, given.repeats)))
    for name, settings in (
        ("cut from tracks, written", {}),
        ("the same with 5 neighbours and velocities", {"neighbours": 5, "velocities": True}),
    ):

        def cut_again(number: int, settings: dict[str, object] = settings) -> None:
            store_only = made(data_dir, scratch / "cache", split_seed=1000 + number, **settings)
            store_only.prepare_data()

        rows.append((name, rate(total, cut_again, given.repeats)))
    rows.append(
        (
            "ETH/UCY from the cache",
            rate(total, lambda _: made(data_dir, scratch / "cache").setup(), given.repeats),
        )
    )
    for neighbours, layout in LAYOUTS.items():
        what = f"{LARGE:,} windows" + (" with neighbours, velocities" if neighbours else "")
        large = Large(scratch / "large", layout)
        started = time.perf_counter()
        large.load()
        rows.append((f"{what}, cut and written", LARGE / (time.perf_counter() - started)))

        def set_up(_: int, layout: WindowLayout = layout) -> None:
            Large(scratch / "large", layout).setup()

        rows.append((f"{what}, from the cache", rate(LARGE, set_up, given.repeats)))
    return rows


def loop_rate(data_dir: Path, scratch: Path, overrides: Sequence[str], epochs: int) -> float:
    """Training windows a second through Lightning's loop, median of the epochs but the first."""
    resolvers.register()
    (scratch / "run").mkdir(exist_ok=True)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(
            "train",
            [
                "experiment=pedestrians/mlp",
                f"datamodule.data_dir='{data_dir.absolute()}'",
                "datamodule.scene=zara1",
                f"paths.cache='{scratch / 'cache'}'",
                f"paths.output='{scratch / 'run'}'",
                "logger=none",
                "checkpoint.every_n_epochs=1000",
                f"trainer.max_epochs={epochs}",
                f"trainer.check_val_every_n_epoch={epochs}",
                *overrides,
            ],
        )
    quiet()
    parts = build(config)
    stamps: list[float] = []
    original = parts.module.on_train_epoch_end

    def stamped() -> None:
        original()
        stamps.append(time.perf_counter())

    parts.module.on_train_epoch_end = stamped  # type: ignore[method-assign]
    parts.trainer.fit(parts.module, parts.datamodule)
    loader = parts.datamodule.train_dataloader()
    windows = len(loader) * loader.batch_size
    return windows / statistics.median(np.diff(stamps))


class Large(TensorDataModule):
    """A datamodule of the large cache, which it reads as that of trajectories does."""

    def __init__(self, folder: Path, layout: WindowLayout) -> None:
        super().__init__(layout.rep_in, layout.rep_out, layout.dim, 1024)
        self.folder, self.layout = folder, layout

    def load(self) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        name = f"large{self.layout.neighbours}"
        arrays = cached_arrays(self.folder, name, "k", partial(build_large, self.layout))
        inputs, targets = map(torch.from_numpy, (arrays["inputs"], arrays["targets"]))
        few = inputs[:1000], targets[:1000]
        return {"train": (inputs, targets), "val": few, "test": few}


def memory_of(folder: Path, neighbours: int) -> None:
    """Prints the growth of the peak memory over the size of the arrays, of this process."""
    before = _peak()
    data = Large(folder, LAYOUTS[neighbours])
    data.setup()
    inputs, targets = data.splits["train"]
    size = inputs.nbytes + targets.nbytes
    loader = data.train_dataloader()
    loader.shuffle_seed = 0
    for x, y in loader:
        if not torch.isfinite(x.sum() + y.sum()):
            raise ValueError("not finite")
    sys.stdout.write(f"{(_peak() - before) / size:.2f}\n")


def _peak() -> int:
    """Peak memory of this process in bytes; Linux alone tells it apart from its parent's."""
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in x)
    return 1024 * int(line.split()[1])


def main() -> int:
    given, console = arguments(), Console()
    torch.set_num_threads(given.threads)
    if given.memory_of is not None:
        folder, neighbours = given.memory_of
        memory_of(Path(folder), int(neighbours))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        scratch, data_dir = Path(folder), given.data_dir
        if data_dir is None:
            data_dir = scratch / "raw"
            write_recordings(data_dir, PedestrianSimulation())
        table = Table("what", "windows a second", title=f"{given.threads} threads, medians")
        for what, value in measured(given, data_dir, scratch):
            table.add_row(what, f"{value:,.0f}")
        for channels, batch in ((64, 1024), (64, 4096), (180, 1024)) if given.loop else ():
            overrides = [f"channels={channels}", f"datamodule.batch_size={batch}"]
            overrides.append(f"threads={given.threads}")
            value = loop_rate(data_dir, scratch, overrides, LOOP_EPOCHS)
            table.add_row(
                f"training loop, MLP {channels} wide, batches of {batch}", f"{value:,.0f}"
            )
        console.print(table)
        for neighbours in LAYOUTS:
            command = [sys.executable, __file__, "--memory-of", str(scratch / "large")]
            command.append(str(neighbours))
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            console.print(
                f"memory of {LARGE:,} windows with {neighbours} neighbours, set up and walked "
                f"through once, over the size of the arrays: {done.stdout.strip()}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
