"""Median time of an epoch of an experiment, split into its parts.

    python benchmarks/epoch.py                        # experiment=inertia, 60 epochs
    python benchmarks/epoch.py --epochs 200 threads=1 network.channels=64

The parts are measured inside the real training loop: hooks of a callback and of the modules mark
when data, forward, penalty, backward, optimiser and validation begin and end; what is left of the
epoch is the loop itself (Lightning, callbacks, logging, checkpoints).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from hydra import compose, initialize_config_dir
from lightning import Callback
from rich.console import Console
from rich.table import Table

from benchmarks.timing import default_device, device_name, synchronise
from softsym.cli import resolvers
from softsym.cli.overrides import CONF
from softsym.cli.quiet import quiet
from softsym.cli.run import Parts, build
from softsym.lightning_modules.compilation import compiles

PARTS = ("data", "forward", "penalty", "backward", "optimiser", "validation")
WARM_UP = 10


class Stopwatch(Callback):
    """Adds up seconds by part, and keeps one record for each epoch."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self._now: dict[str, float] = defaultdict(float)
        self._began: dict[str, float] = {}
        self._epoch_began = 0.0

    def begin(self, part: str) -> None:
        """Starts the clock of a part."""
        synchronise(default_device())
        self._began[part] = time.perf_counter()

    def end(self, part: str) -> None:
        """Stops it."""
        synchronise(default_device())
        self._now[part] += time.perf_counter() - self._began.pop(part)

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, with its time added to a part."""

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self.begin(part)
            try:
                return function(*args, **kwargs)
            finally:
                self.end(part)

        return wrapper

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """The first epoch begins."""
        predict = module.predict
        timed = self.timed("forward", predict)
        # validation has a part of its own, so only the training's forward counts here
        module.predict = lambda inputs: timed(inputs) if module.training else predict(inputs)
        self._epoch_began = time.perf_counter()

    def on_before_backward(self, *args: Any) -> None:
        """The loss is there."""
        self.begin("backward")

    def on_after_backward(self, *args: Any) -> None:
        """The gradients are there."""
        self.end("backward")

    def on_before_optimizer_step(self, *args: Any) -> None:
        """Backward is done; the optimizer's own hook ends this part."""
        self.begin("optimiser")

    def on_validation_start(self, *args: Any) -> None:
        """Validation begins."""
        self.begin("validation")

    def on_validation_end(self, *args: Any) -> None:
        """Validation is done."""
        self.end("validation")

    def on_train_epoch_start(self, *args: Any) -> None:
        """An epoch ends where the next begins, so that nothing falls between."""
        now = time.perf_counter()
        if self._now:
            self.epochs.append({**self._now, "total": now - self._epoch_began})
        self._now = defaultdict(float)
        self._epoch_began = now


def instrument(parts: Parts, watch: Stopwatch) -> None:
    """Marks the parts that no hook of Lightning's encloses."""
    module, datamodule = parts.module, parts.datamodule
    module.penalties = watch.timed("penalty", module.penalties)
    make_loader = datamodule.train_dataloader

    def train_dataloader() -> Any:
        loader = make_loader()
        loader.__class__ = type("TimedLoader", (loader.__class__,), {"__iter__": timed_iter})
        return loader

    def timed_iter(loader: Any) -> Any:
        iterator = type(loader).__mro__[1].__iter__(loader)
        while (batch := watch.timed("data", next)(iterator, None)) is not None:
            yield batch

    datamodule.train_dataloader = train_dataloader
    make_optimizer = module.optimizer

    def optimizer(parameters: Any) -> torch.optim.Optimizer:
        made = make_optimizer(parameters)
        made.register_step_post_hook(lambda *a: watch.end("optimiser"))
        return made

    module.optimizer = optimizer


def measure(epochs: int, overrides: list[str]) -> tuple[Stopwatch, int]:
    """Trains for a number of epochs and returns the watch and the number of threads."""
    resolvers.register()
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        fixed = [f"paths.output={folder}"]
        with initialize_config_dir(str(CONF), version_base="1.3"):
            config = compose("train", ["experiment=inertia", *overrides, *fixed])
        settings = config.trainer  # compiled or not as the whole experiment, then made shorter
        config.compile = compiles(config.compile, settings.accelerator, settings.max_epochs)
        settings.max_epochs = epochs + WARM_UP + 1
        torch.set_num_threads(config.threads or torch.get_num_threads())
        parts, watch = build(config), Stopwatch()
        parts.trainer.callbacks.insert(0, watch)
        instrument(parts, watch)
        parts.trainer.fit(parts.module, parts.datamodule)
    return watch, torch.get_num_threads()


def table(watch: Stopwatch, title: str) -> Table:
    """Median milliseconds by part, with the quartiles of the whole."""
    epochs = watch.epochs[WARM_UP:]
    total = [1e3 * epoch["total"] for epoch in epochs]
    low, middle, high = statistics.quantiles(total, n=4)
    shown = Table("part", "ms an epoch", "share", title=title)
    rest = [1e3 * (e["total"] - sum(e.get(part, 0.0) for part in PARTS)) for e in epochs]
    values = {p: statistics.median(1e3 * e.get(p, 0.0) for e in epochs) for p in PARTS}
    for part, value in (values | {"loop": statistics.median(rest)}).items():
        shown.add_row(part, f"{value:.2f}", f"{value / middle:.0%}")
    shown.add_row("epoch", f"{middle:.2f} ({low:.2f} to {high:.2f})", f"{len(epochs)} epochs")
    return shown


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=60, help="epochs to measure, at least 2")
    parser.add_argument("overrides", nargs="*", help="of the config, e.g. threads=1 logger=csv")
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error(f"--epochs must be at least 2; got {arguments.epochs}")
    watch, threads = measure(arguments.epochs, arguments.overrides)
    where = device_name(default_device())
    title = f"torch {torch.__version__}, {threads} threads, {where}"
    Console().print(table(watch, title))


if __name__ == "__main__":
    main()
