"""Exchanges a few numbers between all processes, one step late."""

from __future__ import annotations

import torch
import torch.distributed as dist
from lightning import Trainer
from torch import Tensor


class StepExchange:
    """Gathers a row of numbers from each process in the background of a training step.

    Waiting for the table at once would make every step wait for the slowest process once more. So
    each call hands in this step's row and returns the table of the call before. All processes get
    the same table at the same step and may act on it together. The numbers travel between CPUs,
    over gloo, and hold up no GPU.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._processes = trainer.world_size
        self._group = dist.new_group(backend="gloo")
        self._pending: tuple[dist.Work, list[Tensor]] | None = None

    def step(self, row: Tensor) -> Tensor | None:
        """Hands in one row and returns the table of the call before; None at the first call.

        The row is (n,) float64 or int64 on the CPU; n may change between steps, but not between
        processes. Row i of the table, (processes, n), is that of global rank i.
        """
        table = self.drain()
        # the rows are kept until the gather, which writes into them, is awaited
        rows = [torch.empty_like(row) for _ in range(self._processes)]
        self._pending = dist.all_gather(rows, row, group=self._group, async_op=True), rows
        return table

    def drain(self) -> Tensor | None:
        """Awaits the table of the last call; every process must do so at the same step."""
        if self._pending is None:
            return None
        (work, rows), self._pending = self._pending, None
        work.wait()
        return torch.stack(rows)
