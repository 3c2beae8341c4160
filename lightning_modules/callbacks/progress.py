"""Progress by epochs, for trainings of many short epochs."""

from __future__ import annotations

import logging
import time
from typing import Any, cast

from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.symmetries.numbers import require_number

log = logging.getLogger(__name__)


class EpochProgress(ProgressBar):
    """One bar over all epochs, with the monitored metric and the strengths.

    Under a policy that constrains asymmetry, "xy price 3 at 0.02 of 0.01" means that one unit of
    asymmetry costs 3 units of the loss, and that the network's is 0.02 where 0.01 is allowed.

    Where the output is not a terminal, lines in the log take its place.

    Args:
        monitor: Metric to show, e.g. ``val/mse``.
        every_seconds: Seconds between two updates of the bar.
        line_every_seconds: Seconds between two lines in the log.

    Raises:
        ValueError: If an interval is no finite number of at least 0.
    """

    def __init__(
        self, monitor: str, every_seconds: float = 0.5, line_every_seconds: float = 15.0
    ) -> None:
        super().__init__()
        require_number("every_seconds of the progress", every_seconds)
        require_number("line_every_seconds of the progress", line_every_seconds)
        self.monitor = monitor
        console = Console(stderr=True)
        self._interactive = console.is_terminal
        self._interval = every_seconds if self._interactive else line_every_seconds
        self._bar = Progress(
            TextColumn("epoch"),
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            TimeRemainingColumn(),
            TextColumn("{task.fields[status]}"),
            console=console,
        )
        self._shown = 0.0
        self._enabled = True

    def disable(self) -> None:
        """Hides the bar; Lightning calls this on ranks other than 0."""
        self._enabled = False

    def enable(self) -> None:
        """Shows the bar again."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the bar."""
        self._shown = time.monotonic()
        if self._enabled and self._interactive:
            self._bar.start()
            done = trainer.current_epoch
            self._task = self._bar.add_task("", total=trainer.max_epochs, completed=done, status="")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the bar or writes a line, at intervals and after the last epoch."""
        now, done = time.monotonic(), trainer.current_epoch + 1
        if not self._enabled or (now - self._shown < self._interval and done != trainer.max_epochs):
            return
        self._shown = now
        status = self._status(trainer, pl_module)
        if self._interactive:
            self._bar.update(self._task, completed=done, status=status)
        else:
            log.info("epoch %d/%s  %s", done, trainer.max_epochs, status)

    def on_train_end(self, *_: Any) -> None:
        """Ends the bar."""
        self._bar.stop()

    def on_exception(self, *_: Any) -> None:
        """Ends the bar, which leaves the terminal as it was."""
        self._bar.stop()

    def _status(self, trainer: Trainer, pl_module: LightningModule) -> str:
        seen = trainer.callback_metrics
        parts = [f"{key} {float(seen[key]):.3g}" for key in (self.monitor,) if key in seen]
        module = cast(SymmetryModule, pl_module)
        constraints = module.tuning.policy.constraints
        for name in module.tuning.symmetries:
            parts.append(f"{name} {module.regularizers[name].strength:.3g}")
            if name in constraints:
                of = constraints[name]
                parts[-1] = (
                    f"{name} price {of.price:.3g} at {of.asymmetry:.2g} of {of.tolerance:.2g}"
                )
        return "  ".join(parts)
