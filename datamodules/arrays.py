"""Users' own arrays, from files of numbers."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.array_samples import Samples, class_labels, read_samples, require_shares
from softsym.datamodules.array_scales import scales, standardised
from softsym.datamodules.array_splits import require_apart, split_by_column, split_by_shares
from softsym.datamodules.array_types import require_type
from softsym.datamodules.base import SPLITS, Split, TensorDataModule
from softsym.datamodules.mapped_rows import MappedRows
from softsym.datamodules.setting_checks import Count, Positive, Seed
from softsym.symmetries import Rep, Scalar, rep
from softsym.symmetries.representations import Sum

log = logging.getLogger(__name__)

BATCHES_AN_EPOCH = 16
SMALLEST_BATCH, LARGEST_BATCH = 64, 1024
IN_MEMORY = 0.25
"""Share of the memory up to which data are held there by default."""
LARGEST_SQUARED = 1e18
"""Targets beyond this have squares that float32 does not hold."""


class ArraysDataModule(TensorDataModule):
    """Inputs and targets from files, split and standardised.

    Standardisation respects the types: all components of the tensors in one term of a type share a
    scale, scalars have one each, and means are taken from scalars alone. Metrics are in the units
    of the file. Arrays of any shape (n, ...) are read as rows (n, size), in row-major order.

    Args:
        file: npz, npy, csv, parquet, pt, safetensors or HDF5.
        rep_in: Type of the inputs, such as ``"5T0 + 5T1"``.
        rep_out: Type of the targets; for classes by default one scalar for each.
        inputs: Key of the inputs, columns joined by commas, or ``x_*``; ``X`` or ``x`` by default.
        targets: The same for the targets; ``Y`` or ``y`` by default.
        targets_file: File of the targets, if they are in another one.
        val_file: File of the validation samples; by default they are taken from ``file``.
        test_file: The same for the test samples.
        group_key: Key of labels (n,), numbers or text; samples of one label are in one split, and
            count as dependent on each other in the symmetry test.
        split: Shares of train, val and test; or the key of a column that holds these words (or 0, 1
            and 2).
        dim: Dimension of the base space.
        batch_size: Global training batch; by default a sixteenth of the training samples, from 64
            to 1024.
        standardize: Whether inputs and targets are standardised.
        target_kind: ``numbers``; ``classes``, labels 0, 1, ... that stay whole numbers (n,); or
            ``shares`` from 0 to 1, which are not standardised.
        missing: ``error`` refuses NaN; ``mask`` leaves NaN among the targets out of losses and
            metrics, and samples without any target out of the data.
        dtype: ``float32``, or ``float64`` for ``trainer.precision=64-true``.
        mapped: Whether batches are read from the disk; by default if the data would fill more than
            a quarter of the memory. Samples are then shuffled within large blocks.
        split_seed: Seed of the split.
        seed: Seed of the order of the training samples.

    Raises:
        ValueError: If a file cannot be read, a key is missing, the types do not fit, or a split is
            empty.
    """

    experiment = "arrays"

    def __init__(
        self,
        file: str,
        rep_in: str | None = None,
        rep_out: str | None = None,
        inputs: str | None = None,
        targets: str | None = None,
        targets_file: str | None = None,
        val_file: str | None = None,
        test_file: str | None = None,
        group_key: str | None = None,
        split: Sequence[Positive] | str = (0.7, 0.15, 0.15),
        dim: Count = 3,
        batch_size: Count | None = None,
        eval_batch_size: Count = 4096,
        standardize: bool = True,
        target_kind: Literal["numbers", "classes", "shares"] = "numbers",
        missing: Literal["error", "mask"] = "error",
        dtype: Literal["float32", "float64"] = "float32",
        mapped: bool | None = None,
        split_seed: Seed = 0,
        seed: Seed = 0,
    ) -> None:
        column = split if isinstance(split, str) else None
        by_column = column is not None
        if not isinstance(split, str) and (len(split) != len(SPLITS) or abs(sum(split) - 1) > 1e-6):
            raise ValueError(
                f"datamodule.split must hold the shares of {', '.join(SPLITS)}, which sum to 1, or "
                f"name a column; got {list(split)}."
            )
        if (val_file or test_file) and (by_column or targets_file):
            raise ValueError(
                "datamodule.val_file and test_file go with files that hold inputs and targets, and "
                "with a split by shares: leave out datamodule.targets_file, and the column in "
                "datamodule.split."
            )
        keys = {"inputs": inputs, "targets": targets, "group_key": group_key, "split": column}
        masked = missing == "mask"
        others = {"val": val_file, "test": test_file}
        self.samples = {"train": read_samples(file, targets_file, keys, masked)}
        self.samples |= {n: read_samples(f, None, keys, masked) for n, f in others.items() if f}
        self.rows = self._split(split, group_key, split_seed)
        x, y = self.samples["train"].x, self.samples["train"].y
        require_type("rep_in", rep_in, _width(x), dim, file)
        classes = self._label(rep_out, dim) if target_kind == "classes" else None
        if classes is None:
            require_type("rep_out", rep_out, _width(y), dim, file)
        self._require_alike()
        if target_kind == "shares":
            for each in self.samples.values():
                require_shares(each)
        batch = batch_size or _batch_size(len(self.rows["train"]))
        out = rep_out or f"{classes}T0"
        super().__init__(rep_in or "T0", out, dim, batch, eval_batch_size, seed)
        self.classes, self.partial_targets = classes, masked
        self.dtype = getattr(torch, dtype)
        self.standardize, self.scales_targets = standardize, target_kind == "numbers"
        self.mapped = self._is_large() if mapped is None else mapped

    @override
    def load(self) -> Mapping[str, Split]:
        if self.samples["train"].groups is not None:
            self.clusters = self._clusters()
        source, train = self.samples["train"], self.rows["train"]
        x_scales = self._scales(source.x, train, self.rep_in, self.standardize)
        scaled = self.standardize and self.scales_targets
        y_scales = self._scales(source.y, train, self.rep_out, scaled)
        if self.standardize:
            self.scales = {"inputs": x_scales} | ({"targets": y_scales} if scaled else {})
            log.info("%s", self.standardisation())
        if scaled:
            self.target_scale = y_scales[1].to(self.dtype)
            largest = float(y_scales[1].max())
            if self.dtype == torch.float32 and largest > LARGEST_SQUARED:
                raise ValueError(
                    f"{source.source}: targets of the size of {largest:.3g} have squares that "
                    "float32 does not hold. Set trainer.precision=64-true, or give the targets in "
                    "other units."
                )
        return {
            name: (
                self._table(self._of(name).x, rows, *x_scales),
                self._labels(name, rows)
                if self.classes
                else self._table(self._of(name).y, rows, *y_scales),
            )
            for name, rows in self.rows.items()
        }

    def standardisation(self) -> str:
        """Says what was done to the numbers, for logs and reports."""
        both = "Inputs and targets are" if self.scales_targets else "Inputs are"
        return (
            f"{both} standardised by the training samples: scalars by their own mean and standard "
            "deviation, tensors by one scale for each term of their type, without a shift. Metrics "
            "are in the units of the file."
        )

    def state_dict(self) -> dict[str, Any]:
        """Returns the means and scales by which data were standardised."""
        return {"scales": getattr(self, "scales", {})}

    def _split(
        self, split: Sequence[float] | str, key: str | None, seed: int
    ) -> dict[str, np.ndarray]:
        """Rows of each split in its own file, which are in rising order."""
        own = self.samples["train"]
        labels = own.groups
        if isinstance(split, str):
            words = own.split
            found = dict(zip(SPLITS, split_by_column(words, split, own.source), strict=True))
        else:
            here = [name for name in SPLITS if name == "train" or name not in self.samples]
            shares = np.array([split[SPLITS.index(name)] for name in here])
            drawn = split_by_shares(len(own.x), labels, shares / shares.sum(), seed)
            others = {name: np.arange(len(self.samples[name].x)) for name in self.samples}
            found = others | dict(zip(here, drawn, strict=True))
        for name, rows in found.items():
            if not len(rows):
                of = "" if labels is None else f" of {len(np.unique(labels))} groups"
                raise ValueError(
                    f"{own.source}: no sample is left for {name!r}: {len(own.x)} samples{of} with "
                    f"datamodule.split={split if isinstance(split, str) else list(split)}."
                )
        if labels is not None and (isinstance(split, str) or len(self.samples) > 1):
            all_labels = [self._of(name).groups[rows] for name, rows in found.items()]
            require_apart(all_labels, list(found), str(key))
        return {name: found[name] for name in SPLITS}

    def _of(self, name: str) -> Samples:
        return self.samples.get(name, self.samples["train"])

    def _label(self, rep_out: str | None, dim: int) -> int:
        """Turns the targets into labels; returns the number of classes."""
        count = None
        if rep_out is not None:
            R = rep(rep_out)
            if any(term != Scalar for _, term in (R.terms if isinstance(R, Sum) else ((1, R),))):
                raise ValueError(
                    f"datamodule.rep_out={rep_out}: classes have no direction, so their type is "
                    "one scalar for each, as in 3T0. Leave it out to take the number from the data."
                )
            count = R.size(dim)
        found = [class_labels(each, count) for each in self.samples.values()]
        for each, labels in zip(self.samples.values(), found, strict=True):
            each.y = labels
        count = count or max(int(labels.max()) + 1 for labels in found)
        if count < 2:
            raise ValueError("Classes need at least two different labels; all labels are 0.")
        absent = set(range(count)) - set(np.unique(self.samples["train"].y).tolist())
        if absent:
            log.warning(
                "No sample of the classes %s in %s.", sorted(absent), self.samples["train"].source
            )
        return count

    def _require_alike(self) -> None:
        widths = {(_width(each.x), _width(each.y)): each.source for each in self.samples.values()}
        if len(widths) > 1:
            listed = "; ".join(f"{s}: {x} and {y}" for (x, y), s in widths.items())
            raise ValueError(f"Files must have the same columns of inputs and targets; {listed}.")

    def _is_large(self) -> bool:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        each = torch.finfo(self.dtype).bits // 8
        held = sum(s.x.size + s.y.size for s in self.samples.values()) * each
        return held > IN_MEMORY * memory

    def _scales(
        self, table: np.ndarray, rows: np.ndarray, R: Rep, scaled: bool
    ) -> tuple[Tensor, Tensor]:
        if scaled:
            return scales(table, rows, R, self.dim)
        width = _width(table)
        return torch.zeros(width, dtype=torch.float64), torch.ones(width, dtype=torch.float64)

    def _table(self, table: np.ndarray, rows: np.ndarray, mean: Tensor, scale: Tensor) -> Any:
        if self.mapped:
            return MappedRows(table, rows, mean, scale, self.dtype)
        return standardised(table, rows, mean, scale, self.dtype)

    def _labels(self, name: str, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(self._of(name).y[rows])

    def _clusters(self) -> dict[str, Tensor]:
        """The groups of each split, numbered over all files."""
        labels = [self._of(name).groups[rows] for name, rows in self.rows.items()]
        _, numbered = np.unique(np.concatenate(labels), return_inverse=True)
        parts = torch.from_numpy(numbered.reshape(-1)).split([len(each) for each in labels])
        return dict(zip(self.rows, parts, strict=True))


def _width(table: np.ndarray) -> int:
    return int(np.prod(table.shape[1:]))


def _batch_size(training: int) -> int:
    return min(max(training // BATCHES_AN_EPOCH, SMALLEST_BATCH), LARGEST_BATCH)
