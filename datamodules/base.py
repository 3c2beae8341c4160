"""The base of all datamodules: typed tensors on the device, equal shares of every batch."""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.mapped_rows import MappedRows
from softsym.datamodules.setting_checks import Count, Seed, checked
from softsym.symmetries import Rep, rep

Split = tuple[Tensor, Tensor]
"""Inputs (n, rep_in.size(dim)) and targets (n, rep_out.size(dim))."""

SPLITS = ("train", "val", "test")
OOD = "ood"
"""The optional split of samples from outside the training distribution."""

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
"""Types of labels."""

BLOCK, POOL = 1 << 12, 1 << 18
"""Samples that are read from a disk in one piece, and those among which they are shuffled."""

CHECKED_ROWS = 1 << 16
"""Number of samples checked at once: a mask of all values would be a quarter of the data again."""


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


class TensorDataModule(LightningDataModule, ABC):
    """A dataset that fits into memory, split into train, val, test and optionally ``ood`` tensors.

    A subclass implements :meth:`load` (and, for files, :meth:`prepare_data`). The loaded arrays are
    checked against ``rep_in`` and ``rep_out`` before any training.

    Args:
        rep_in: Type of the inputs, e.g. ``"5T0 + 5T1"``.
        rep_out: Type of the targets.
        dim: Dimension d of the base space on which candidate groups act.
        batch_size: Global training batch, summed over processes.
        eval_batch_size: Global batch of validation and test.
        seed: Seed of split and order.

    Constructors of subclasses require what their annotations say, see
    :mod:`softsym.datamodules.setting_checks`.

    Raises:
        ValueError: If an argument does not fit its annotation.
    """

    experiment: ClassVar[str | None] = None
    """An experiment of conf/ whose other parts fit such data."""

    @checked
    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        dim: Count,
        batch_size: Count,
        eval_batch_size: Count = 4096,
        seed: Seed = 0,
    ) -> None:
        super().__init__()
        self.rep_in, self.rep_out = rep(rep_in), rep(rep_out)
        self.dim = dim
        self.batch_size, self.eval_batch_size = batch_size, eval_batch_size
        self.seed = seed
        self.splits: dict[str, Split] = {}
        self.partial_targets = False
        """Whether targets may be NaN where nothing was observed; losses must leave these out."""
        self.classes: int | None = None
        """Number of classes, where targets are labels (n,), int64; rep_out is then one scalar for
        each class. None where targets are numbers."""
        self.dtype = torch.float32
        """Precision of inputs and targets, and of metrics."""
        self.target_scale: Tensor | None = None
        """Unit of each target number, e.g. in metres, by which metrics multiply; set by load."""
        self.target_mean: Tensor | None = None
        """Mean (size out,), float64, that was taken from the targets before they were divided by
        the scale; None where none was."""
        self.note = ""
        """What was done to the data, for the report; set by load."""
        self.clusters: Mapping[str, Tensor] | None = None
        """Split -> label of each sample (n,), integers; set by load, which may give numpy arrays.

        Samples of one label may depend on each other (scene, subject, trial), also across splits.
        None where all samples are independent.
        """

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):
            cls.__init__ = checked(cls.__init__)  # type: ignore[method-assign]
        cls.__signature__ = _full_signature(cls)  # type: ignore[attr-defined]

    @abstractmethod
    def load(self) -> Mapping[str, Split]:
        """Returns ``train``, ``val``, ``test`` and optionally ``ood`` as CPU tensors or arrays."""

    def true_function(self) -> Callable[[Tensor], Tensor] | None:
        """Returns the function that made the targets, (n, in) to (n, out), if it is known."""
        return None

    def true_symmetries(self, candidates: Sequence[str] | None = None) -> Mapping[str, str]:
        """Tells how well the true function keeps each candidate group.

        Args:
            candidates: Names of groups; by default those of the task.

        Returns:
            Name of the group -> ``exact``, ``approximate`` or ``broken``; empty if unknown.
        """
        return {}

    def true_group(self) -> str | None:
        """Returns the name of a group that the true function keeps exactly, if one is known."""
        return None

    def vectors(self, targets: Tensor) -> Tensor:
        """Returns targets as vectors of type ``rep_out``: labels as one-hot rows (n, classes)."""
        if self.classes is None or targets.is_floating_point():
            return targets
        return torch.nn.functional.one_hot(targets, self.classes).to(self.dtype)

    def observed_path(self, inputs: Tensor) -> Tensor:
        """Returns the part of the inputs that is a path to draw, (n, steps * dim), in metres."""
        return inputs

    @override
    def setup(self, stage: str | None = None) -> None:
        if not self.splits:
            source = f"{type(self).__name__}.load()"
            splits = as_splits(self.load(), source, self.dtype)
            types = self.rep_in, self.rep_out, self.dim, self.partial_targets
            for name in (*SPLITS, *({OOD} & splits.keys())):
                check_split(name, (splits[name][0], self.vectors(splits[name][1])), *types)
            if self.clusters is not None:
                self.clusters = as_clusters(self.clusters, splits)
            self.splits = splits

    @override
    def train_dataloader(self) -> SliceLoader:
        return self._loader("train", self.batch_size, self.seed)

    @override
    def val_dataloader(self) -> SliceLoader:
        return self._loader("val", self.eval_batch_size, None)

    def test_dataloader(self) -> SliceLoader | list[SliceLoader]:
        """Returns the test batches, or a list of test and ``ood`` batches if that split exists."""
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


def _full_signature(cls: type) -> inspect.Signature:
    """Spells out ``**settings`` as the optional arguments of the base class.

    The command line shows the signature when a setting is unknown, so it must name every setting.
    """
    own = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    if own and own[-1].kind is inspect.Parameter.VAR_KEYWORD:
        names = {parameter.name for parameter in own}
        passed_on = inspect.signature(cls.__mro__[1]).parameters.values()
        own[-1:] = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in passed_on
            if parameter.name not in names and parameter.default is not inspect.Parameter.empty
        ]
    return inspect.Signature(own)


def as_splits(loaded: object, source: str, dtype: torch.dtype = torch.float32) -> dict[str, Split]:
    """Returns all splits as tensors of one precision; labels of classes (n,) stay int64.

    Args:
        loaded: Split -> inputs and targets, tensors or numpy's arrays of plain numbers.
        source: What returned it, for messages.
        dtype: The precision.

    Raises:
        ValueError: If a split is missing, no pair, or holds anything but real numbers.
    """
    given = loaded if isinstance(loaded, Mapping) else {}
    if missing := [name for name in SPLITS if name not in given]:
        raise ValueError(
            f"{source} must return a mapping with {', '.join(SPLITS)} and optionally {OOD}, each a "
            f"pair of inputs and targets; {', '.join(missing)} missing."
        )
    splits = {}
    for name, pair in given.items():
        if not isinstance(pair, Sequence) or len(pair) != 2:
            raise ValueError(
                f"{source} must return a pair of inputs and targets for {name!r}; got "
                f"{type(pair).__name__}."
            )
        inputs, targets = pair
        splits[name] = (
            _as_tensor(f"{name} inputs", inputs, dtype),
            targets if _are_labels(targets) else _as_tensor(f"{name} targets", targets, dtype),
        )
    return splits


def _are_labels(targets: object) -> bool:
    return isinstance(targets, Tensor) and targets.dtype == torch.int64 and targets.ndim == 1


def _as_tensor(what: str, values: object, dtype: torch.dtype) -> Any:
    """Returns real numbers as a tensor; an array of objects could be anything."""
    if isinstance(values, MappedRows):
        return values
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        precision = np.float64 if dtype == torch.float64 else np.float32
        return torch.from_numpy(np.require(values, precision, ["C", "W"]))
    if isinstance(values, Tensor) and not values.is_complex():
        return values.to(dtype)
    kind = getattr(values, "dtype", type(values).__name__)
    raise ValueError(
        f"The {what} must be a tensor or array of real numbers; got {kind}. Convert them, as by "
        "np.asarray(values, np.float32)."
    )


def as_clusters(clusters: object, splits: Mapping[str, Split]) -> dict[str, Tensor]:
    """Returns the labels (n,) of each split as int64 tensors.

    Args:
        clusters: Split -> labels of its samples, tensors or numpy's arrays of integers.
        splits: Split -> inputs and targets.

    Raises:
        ValueError: If a split has no labels, or they are not one integer for each sample.
    """
    given = clusters if isinstance(clusters, Mapping) else {}
    if missing := [name for name in splits if name not in given]:
        raise ValueError(
            f"clusters must map each split to the labels of its samples; {', '.join(missing)} "
            "missing. Set self.clusters = None if samples are independent."
        )
    return {name: _as_labels(name, given[name], len(splits[name][0])) for name in splits}


def _as_labels(name: str, values: object, count: int) -> Tensor:
    kind, shape = (getattr(values, what, None) for what in ("dtype", "shape"))
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        values = torch.from_numpy(np.require(values, np.int64, ["C", "W"]))
    integers = isinstance(values, Tensor) and values.dtype in INTEGERS
    if not isinstance(values, Tensor) or not integers or values.shape != (count,):
        got = f"{kind or type(values).__name__}{f' of shape {tuple(shape)}' if shape else ''}"
        raise ValueError(
            f"The clusters of split {name!r} must be integers of shape ({count},), one label for "
            f"each sample; got {got}. Number names by np.unique(names, return_inverse=True)[1]."
        )
    return values.long()


def check_split(
    name: str, data: Split, rep_in: Rep, rep_out: Rep, dim: int, partial: bool = False
) -> None:
    """Raises a ValueError unless a split is not empty, fits its types over R^dim, and is finite.

    Targets may be NaN if they are ``partial``; at least one sample must be whole, for the report.
    """
    if len(data[0]) != len(data[1]):
        raise ValueError(f"Split {name!r} has {len(data[0])} inputs but {len(data[1])} targets.")
    if len(data[0]) == 0:
        raise ValueError(f"Split {name!r} is empty.")
    for what, typed, values in (("rep_in", rep_in, data[0]), ("rep_out", rep_out, data[1])):
        if values.ndim == 1:
            raise ValueError(
                f"The {name} data of {what} have the shape ({len(values)},), but one number per "
                f"sample is a column, ({len(values)}, 1). Return values[:, None]."
            )
        if values.ndim != 2 or values.shape[1] != typed.size(dim):
            raise ValueError(
                f"{what} {str(typed)!r} has {typed.size(dim)} numbers over R^{dim}, but the "
                f"{name} data have shape {tuple(values.shape)}. Change datamodule.{what} so that "
                f"its size is {values.shape[-1]}."
            )
        for number, part in enumerate(values.split(CHECKED_ROWS)):
            finite = torch.isfinite(part)
            if partial and what == "rep_out":
                finite |= part.isnan() & ~part.isnan().all(1, keepdim=True)
            if not finite.all():
                row, column = (int(i) for i in (~finite).nonzero()[0])
                raise ValueError(
                    f"The {name} data are not finite: {what} column {column} of sample "
                    f"{number * CHECKED_ROWS + row} is {float(part[row, column])}. {_remedy(part)}"
                )
    if partial and not any(torch.isfinite(p).all(1).any() for p in data[1].split(CHECKED_ROWS)):
        raise ValueError(f"No sample of split {name!r} has a target that is observed as a whole.")


def _remedy(values: Tensor) -> str:
    if values.dtype == torch.float32 and values.isinf().any():
        return (
            "Remove infinite numbers; where the data hold none, they are larger than float32 can "
            "be (3.4e38): give them in other units, or train in float64 by "
            "trainer.precision=64-true."
        )
    return "Remove or repair such samples."
