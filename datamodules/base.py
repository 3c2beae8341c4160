"""The base of all datamodules: typed tensors on the device."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.environment_folds import EnvironmentFold, environment_folds
from softsym.datamodules.setting_checks import Count, Seed, checked
from softsym.datamodules.slice_loader import SliceLoader
from softsym.datamodules.splits import (
    OOD,
    SPLITS,
    Split,
    as_clusters,
    as_splits,
    check_split,
)
from softsym.symmetries import Rep, rep


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
        self.fold: EnvironmentFold | None = None
        """What a training of a selection leaves out; None for a training by itself."""

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

    def environments(self) -> Mapping[str, np.ndarray]:
        """Returns the label of the environment of each sample, (n,) for each split.

        By default those of ``clusters``, for which the data are loaded.

        Raises:
            ValueError: If the data know no environments.
        """
        self.load()
        if self.clusters is None:
            raise ValueError(
                f"select=leave_one_environment_out: {type(self).__name__} knows no environments, "
                "such as subjects or scenes. Take data that do (arrays with datamodule.group_key, "
                "eth_ucy, trajdata, waymo, or a datamodule that sets self.clusters), or train "
                "without select."
            )
        return {name: np.asarray(labels) for name, labels in self.clusters.items()}

    def environment_name(self, label: Any) -> str:
        """Returns the name of an environment for reports."""
        return str(label)

    def leave_out(self, number: int | None, most: int) -> None:
        """Makes this the data of one training of a selection; call it before ``setup``.

        Args:
            number: The fold to hold out; None for the final training on all environments of
                training and validation.
            most: Number of folds, unless there are fewer environments.

        Raises:
            ValueError: If there is no such fold, or there are too few environments.
        """
        folds = environment_folds(self.environments(), most)
        if number is not None and number >= len(folds):
            raise ValueError(
                f"select_fold={number}: the environments make {len(folds)} folds, from 0 to "
                f"{len(folds) - 1}."
            )
        self.fold = EnvironmentFold(number, folds)

    @property
    def held_out(self) -> tuple[str, ...]:
        """The splits that took no part in the training, whose samples test symmetries."""
        if self.fold is None:
            return ("val", "test")
        return ("test",) if self.fold.number is None else ("val",)

    def load_fold(self, fold: EnvironmentFold) -> Mapping[str, Split]:
        """Returns the splits of one training of a selection; by default regroups the loaded ones.

        Data that are standardised by the training samples override this.
        """
        splits = as_splits(self.load(), type(self).__name__, self.dtype)
        labels = as_clusters(self.clusters, splits)
        parts = {n: [each.numpy() for each in (*splits[n], labels[n])] for n in SPLITS}
        regrouped = fold.regroup(parts, {name: each[2] for name, each in parts.items()})
        tensors = {name: [torch.from_numpy(v) for v in each] for name, each in regrouped.items()}
        self.clusters = {name: each[2] for name, each in tensors.items()}
        return {name: (x, y) for name, (x, y, _) in tensors.items()}

    @override
    def setup(self, stage: str | None = None) -> None:
        if not self.splits:
            source = f"{type(self).__name__}.load()"
            loaded = self.load() if self.fold is None else self.load_fold(self.fold)
            final = self.fold is not None and self.fold.number is None
            needed = tuple(name for name in SPLITS if not (final and name == "val"))
            splits = as_splits(loaded, source, self.dtype, needed)
            types = self.rep_in, self.rep_out, self.dim, self.partial_targets, self.classes
            for name in (*needed, *({OOD} & splits.keys())):
                check_split(name, splits[name], *types)
            if self.clusters is not None:
                self.clusters = as_clusters(self.clusters, splits)
            self.splits = splits

    @override
    def train_dataloader(self) -> SliceLoader:
        return self._loader("train", self.batch_size, self.seed)

    @override
    def val_dataloader(self) -> SliceLoader | list[SliceLoader]:
        return self._loader("val", self.eval_batch_size, None) if "val" in self.splits else []

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
