"""What every datamodule here shares: typed data, tensors on the device, fair shares of a batch."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

import torch
from lightning import LightningDataModule
from torch import Tensor

from softsym.symmetries import Rep, rep

Split = tuple[Tensor, Tensor]
"""Inputs (n, rep_in.size(dim)) and targets (n, rep_out.size(dim))."""

SPLITS = ("train", "val", "test")
ROWS = 1 << 16
"""Samples that are looked at together."""
OOD = "ood"
"""The optional split of samples from outside the training distribution."""


class SliceLoader:
    """Batches as slices of tensors that already live on the device.

    Every rank walks the same (shuffled) order and takes its share of each global batch, so the
    global batch, and with it the result, does not depend on the number of ranks. Training drops
    the few samples that would make shares unequal; evaluation keeps and counts each sample once.
    A checkpoint within an epoch keeps how many batches the pass has handed out.

    Args:
        data: Inputs and targets, first axis the sample.
        batch_size: Size of the global batch, summed over ranks.
        rank: This process.
        world_size: Number of processes.
        shuffle_seed: None keeps the order; a number shuffles by (seed, epoch).
        epoch: Says which epoch it is, so that a resumed run sees the same order.
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
        self.rank = rank
        self.world_size = world_size
        self.shuffle_seed = shuffle_seed
        self.epoch = epoch
        self._handed_out = 0
        self._first = 0
        if shuffle_seed is not None and self.batch_size < world_size:
            raise ValueError(
                f"A global batch of {self.batch_size} samples cannot be shared by {world_size} "
                f"processes. Use a batch_size of at least {world_size}."
            )

    def __len__(self) -> int:
        count = len(self.data[0])
        if self.shuffle_seed is not None and count % self.batch_size < self.world_size:
            return max(count // self.batch_size, 1)
        return math.ceil(count / self.batch_size)

    def __iter__(self) -> Iterator[Split]:
        inputs, targets = self.data
        order = self._order()
        first, self._first = self._first, 0
        for step in range(first, len(self)):
            self._handed_out = step + 1
            start = step * self.batch_size
            stop = min(start + self.batch_size, len(inputs))
            if order is None:
                low, high = self._share(start, stop)
                yield inputs[low:high], targets[low:high]
            else:
                chosen = order[start:stop]
                share = len(chosen) // self.world_size
                chosen = chosen[self.rank * share : (self.rank + 1) * share]
                yield inputs[chosen], targets[chosen]

    def state_dict(self) -> dict[str, int]:
        """Where the pass under way stands, for a checkpoint within an epoch."""
        return {"batches": self._handed_out}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Lets the next pass go on where the checkpoint's stood; at its end, start anew."""
        self._first = state_dict["batches"] % len(self)

    def _order(self) -> Tensor | None:
        if self.shuffle_seed is None:
            return None
        generator = torch.Generator().manual_seed(self.shuffle_seed + 1_000_003 * self.epoch())
        order = torch.randperm(len(self.data[0]), generator=generator)
        return order.to(self.data[0].device)

    def _share(self, start: int, stop: int) -> tuple[int, int]:
        """The rows of an evaluation batch that belong to this rank, each row to one rank only."""
        size = stop - start
        low = start + size * self.rank // self.world_size
        return low, start + size * (self.rank + 1) // self.world_size


class TensorDataModule(LightningDataModule, ABC):
    """A dataset small enough for memory, split into train, val and test tensors.

    There may be a fourth split, ``ood``, of samples from outside the training distribution.
    A subclass implements :meth:`load` (and, for files, :meth:`prepare_data`). What the loaded
    arrays hold is checked here against ``rep_in`` and ``rep_out`` before any training.

    Args:
        rep_in: Type of the inputs, e.g. ``"5T0 + 5T1"``.
        rep_out: Type of the targets.
        dim: Dimension d of the base space that candidate groups act on.
        batch_size: Global batch of the training, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of split and order.
    """

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        dim: int,
        batch_size: int,
        eval_batch_size: int = 4096,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if batch_size < 1 or eval_batch_size < 1:
            raise ValueError(
                f"batch_size must be at least 1; got {min(batch_size, eval_batch_size)}."
            )
        self.rep_in, self.rep_out = rep(rep_in), rep(rep_out)
        self.dim = dim
        self.batch_size, self.eval_batch_size = batch_size, eval_batch_size
        self.seed = seed
        self.splits: dict[str, Split] = {}
        self.target_scale: Tensor | None = None
        """Units of each target number, such as metres; metrics are in these. Known once set up."""

    experiment: ClassVar[str | None] = None
    """A recipe whose other parts fit such data."""

    @abstractmethod
    def load(self) -> Mapping[str, Split]:
        """Returns ``train``, ``val``, ``test``, maybe ``ood``, as CPU tensors, cast to float32."""

    def true_function(self) -> Callable[[Tensor], Tensor] | None:
        """The function that made the targets, where it is known; (n, in) to (n, out)."""
        return None

    def true_symmetries(self, candidates: Sequence[str] | None = None) -> Mapping[str, str]:
        """How well the true function keeps each candidate group, where that is known.

        Args:
            candidates: Names of groups; by default those that belong to the task.

        Returns:
            Name of the group -> ``exact``, ``approximate`` or ``broken``; empty if unknown.
        """
        return {}

    def true_group(self) -> str | None:
        """Name of a group that the true function keeps exactly, None where that is unknown."""
        return None

    def observed_path(self, inputs: Tensor) -> Tensor:
        """The part of the inputs that is a path to draw, (n, steps * dim), in metres."""
        return inputs

    def setup(self, stage: str | None = None) -> None:
        """Loads and checks the splits once.

        Raises:
            ValueError: If sizes disagree with the representations or a number is not finite.
        """
        if not self.splits:
            splits = {name: _float32(split) for name, split in self.load().items()}
            for name in (*SPLITS, *({OOD} & splits.keys())):
                check_split(name, splits[name], self.rep_in, self.rep_out, self.dim)
            self.splits = splits

    def train_dataloader(self) -> SliceLoader:
        """Shuffled batches; the order depends on (seed, epoch) only."""
        return self._loader("train", self.batch_size, self.seed)

    def val_dataloader(self) -> SliceLoader:
        """Validation batches in order."""
        return self._loader("val", self.eval_batch_size, None)

    def test_dataloader(self) -> SliceLoader | list[SliceLoader]:
        """Test batches in order, or a list of theirs and those of ``ood`` where that exists."""
        test = self._loader("test", self.eval_batch_size, None)
        if OOD not in self.splits:
            return test
        return [test, self._loader(OOD, self.eval_batch_size, None)]

    def _loader(self, split: str, batch_size: int, shuffle_seed: int | None) -> SliceLoader:
        trainer = self.trainer
        if trainer is None:
            return SliceLoader(self.splits[split], batch_size, shuffle_seed=shuffle_seed)
        device = trainer.strategy.root_device
        inputs, targets = self.splits[split]
        return SliceLoader(
            (inputs.to(device), targets.to(device)),
            batch_size,
            trainer.global_rank,
            trainer.world_size,
            shuffle_seed,
            lambda: trainer.current_epoch,
        )


def _float32(data: Split) -> Split:
    """Arrays of other precision, as numpy makes them, in that of the networks."""
    return data[0].float(), data[1].float()


def check_split(name: str, data: Split, rep_in: Rep, rep_out: Rep, dim: int) -> None:
    """Raises a ValueError that says what is wrong with a split, if anything is.

    Args:
        name: The split, for the message.
        data: Inputs and targets.
        rep_in: Type the inputs should have.
        rep_out: Type the targets should have.
        dim: Dimension of the base space.

    Raises:
        ValueError: If the split is empty, has sizes other than the types say, or holds NaN.
    """
    if len(data[0]) != len(data[1]):
        raise ValueError(f"Split {name!r} has {len(data[0])} inputs but {len(data[1])} targets.")
    if len(data[0]) == 0:
        raise ValueError(f"Split {name!r} is empty.")
    for what, typed, values in (("rep_in", rep_in, data[0]), ("rep_out", rep_out, data[1])):
        if values.ndim != 2 or values.shape[1] != typed.size(dim):
            raise ValueError(
                f"{what} {str(typed)!r} has {typed.size(dim)} numbers over R^{dim}, but the "
                f"{name} data have shape {tuple(values.shape)}. Change datamodule.{what} so that "
                f"its size is {values.shape[-1]}."
            )
        _check_finite(f"The {name} data", what, values)


def _check_finite(whose: str, what: str, values: Tensor) -> None:
    """Goes through the rows by parts, as what asks of all at once takes as much memory again."""
    for number, part in enumerate(values.split(ROWS)):
        finite = torch.isfinite(part)
        if not finite.all():
            row, column = (int(i) for i in (~finite).nonzero()[0])
            raise ValueError(
                f"{whose} are not finite: {what} column {column} of sample {number * ROWS + row} "
                f"is {float(part[row, column])}. Remove or repair such samples."
            )
