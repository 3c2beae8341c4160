"""Batches of tensors on the device or of rows on a disk; equal shares for all processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from softsym.datamodules.mapped_rows import MappedRows
from softsym.datamodules.splits import Split

BLOCK, POOL = 1 << 12, 1 << 18
"""Samples that are read from a disk in one piece, and those among which they are shuffled."""


class SliceLoader:
    """Batches as slices of tensors that are already on the device.

    Every rank iterates over the same (shuffled) order and takes its share of each global batch, so
    the result does not depend on the number of ranks. Training drops the few samples that would
    make shares unequal; evaluation uses each sample exactly once. Checkpoints within an epoch store
    the number of batches already used.

    Rows on a disk are read in pools of blocks, in which they are shuffled: each block is read as it
    lies there, which is many times faster than single rows in random order.

    ``batch_size`` is that of the global batch, summed over ranks. ``shuffle_seed`` None keeps the
    order; a number shuffles by (seed, epoch), so that a resumed run sees the same order.
    """

    def __init__(
        self,
        data: Split,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        shuffle_seed: int | None = None,
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        self.data = data
        self.batch_size = min(batch_size, len(data[0]))
        self.rank, self.world_size = rank, world_size
        self.shuffle_seed, self.epoch = shuffle_seed, epoch
        self._used_batches = 0
        self._first_batch = 0
        if shuffle_seed is not None and self.batch_size < world_size:
            what, remedy = f"A global batch of {batch_size} samples", "a larger batch_size"
            if len(data[0]) < world_size:
                what, remedy = f"{len(data[0])} training samples", "more samples"
            raise ValueError(
                f"{what} cannot be shared by {world_size} processes. Use {remedy}, of at least "
                f"{world_size}, or fewer processes (trainer.devices)."
            )

    def __len__(self) -> int:
        count = len(self.data[0])
        if self.shuffle_seed is not None and count % self.batch_size < self.world_size:
            return max(count // self.batch_size, 1)
        return math.ceil(count / self.batch_size)

    def __iter__(self) -> Iterator[Split]:
        order = self._order()
        first, self._first_batch = self._first_batch, 0
        if order is not None and isinstance(self.data[0], MappedRows):
            yield from self._pooled(order, first)
            return
        inputs, targets = self.data
        for batch in range(first, len(self)):
            # Before the yield: a checkpoint written during this batch counts it as used.
            self._used_batches = batch + 1
            start = batch * self.batch_size
            size = min(self.batch_size, len(inputs) - start)
            if order is None:
                # Bounds that tile the batch, so that ranks share every sample without overlap.
                low = start + size * self.rank // self.world_size
                high = start + size * (self.rank + 1) // self.world_size
                yield inputs[low:high], targets[low:high]
            else:
                chosen = self._share(order[start : start + size])
                yield inputs[chosen], targets[chosen]

    def _share(self, batch: Tensor) -> Tensor:
        """This rank's part of a batch: equal ones, as gradients are averaged with equal weights."""
        share = len(batch) // self.world_size
        return batch[self.rank * share : (self.rank + 1) * share]

    def _pooled(self, order: Tensor, first: int) -> Iterator[Split]:
        """Batches of rows on a disk, whose order is shuffled in pools of blocks."""
        inputs, targets = self.data
        a_pool = max(POOL // self.batch_size, 1)
        for start in range(first - first % a_pool, len(self), a_pool):
            end = min(start + a_pool, len(self))
            pool = order[start * self.batch_size : end * self.batch_size]
            rows, turn = pool.sort()
            held = inputs[rows], targets[rows]
            # where each row of the order is among those held: the inverse of the sort
            place = torch.empty_like(turn).scatter_(0, turn, torch.arange(len(turn)))
            batches = place.split(self.batch_size)
            for number in range(max(start, first), end):
                self._used_batches = number + 1
                chosen = self._share(batches[number - start]).to(held[0].device)
                yield held[0][chosen], held[1][chosen]

    def state_dict(self) -> dict[str, int]:
        """Returns the position within the current epoch."""
        return {"batches": self._used_batches}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Makes the next iteration continue from a checkpoint; after a full epoch, start anew."""
        self._first_batch = state_dict["batches"] % len(self)

    def _order(self) -> Tensor | None:
        if self.shuffle_seed is None:
            return None
        # The stride is a prime above any plausible number of epochs: (seed, epoch) stay distinct.
        generator = torch.Generator().manual_seed(self.shuffle_seed + 1_000_003 * self.epoch())
        if isinstance(self.data[0], MappedRows):
            return _by_blocks(len(self.data[0]), generator)
        order = torch.randperm(len(self.data[0]), generator=generator)
        return order.to(self.data[0].device)


def _by_blocks(count: int, generator: torch.Generator) -> Tensor:
    """An order of samples (count,) that shuffles blocks, and then the samples of each pool."""
    blocks = torch.arange(count).split(BLOCK)
    mixed = torch.cat([blocks[k] for k in torch.randperm(len(blocks), generator=generator)])
    pools = [p[torch.randperm(len(p), generator=generator)] for p in mixed.split(POOL)]
    return torch.cat(pools)
