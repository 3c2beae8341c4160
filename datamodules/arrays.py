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

from softsym.datamodules.array_samples import Samples, read_samples
from softsym.datamodules.array_scales import scales, standardised
from softsym.datamodules.array_splits import require_split, split_rows
from softsym.datamodules.array_targets import labelled, require_shares
from softsym.datamodules.array_types import require_types
from softsym.datamodules.base import TensorDataModule
from softsym.datamodules.environment_folds import EnvironmentFold
from softsym.datamodules.mapped_rows import MappedRows
from softsym.datamodules.setting_checks import Count, Positive, Seed
from softsym.datamodules.splits import Split
from softsym.symmetries import Rep

log = logging.getLogger(__name__)

BATCHES_AN_EPOCH = 16
SMALLEST_BATCH, LARGEST_BATCH = 64, 1024
FEWEST_CLUSTERS = 10
"""Held-out environments below which a fold counts samples: the test wants as many clusters."""
IN_MEMORY = 0.25
"""Share of the memory up to which data are held there by default."""


class ArraysDataModule(TensorDataModule):
    """Inputs and targets from files, split and standardised.

    Standardisation respects the types: all components of the tensors in one term of a type share a
    scale, scalars have one each, and means are taken from scalars alone. Metrics are in the units
    of the file. Arrays of any shape (n, ...) are read as rows (n, size), in row-major order.

    Args:
        file: npz, npy, csv, parquet, pt, safetensors or HDF5; or arrays in memory, by name.
        rep_in: Type of the inputs, such as ``"5T0 + 5T1"``.
        rep_out: Type of the targets; of classes and shares by default one scalar for each.
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
        target_kind: ``numbers``; ``classes``, names or whole numbers, which become labels (n,); or
            ``shares`` from 0 to 1. Neither of these is standardised.
        missing: ``error`` refuses NaN and empty names; ``mask`` leaves missing targets out of
            losses and metrics, and samples without any out of the data.
        dtype: ``float32``, or ``float64`` for ``trainer.precision=64-true``.
        mapped: Whether batches are read from the disk; by default if the data would fill more than
            a quarter of the memory. Samples are then shuffled within large blocks.
        split_seed: Seed of the split.
        seed: Seed of the order of the training samples.

    Attributes:
        class_names: Names of the classes by their number; empty where targets are numbers.

    Raises:
        ValueError: If a file cannot be read, a key is missing, the types do not fit, or a split is
            empty.
    """

    experiment = "arrays"

    def __init__(
        self,
        file: str | Mapping[str, Any],
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
        require_split(split, targets_file, (val_file, test_file))
        column = split if isinstance(split, str) else None
        keys = {"inputs": inputs, "targets": targets, "group_key": group_key, "split": column}
        options = {"masked": missing == "mask", "names": target_kind == "classes"}
        others = {"val": val_file, "test": test_file}
        self.samples = {"train": read_samples(file, targets_file, keys, **options)}
        self.samples |= {n: read_samples(f, None, keys, **options) for n, f in others.items() if f}
        self._require_alike()
        self.rows = split_rows(self.samples, split, group_key, split_seed)
        width_in = _width(self.samples["train"].x)
        rep_out, width_out = self._read_targets(target_kind, rep_out, dim)
        given = {"rep_in": (rep_in, width_in), "rep_out": (rep_out, width_out)}
        types = require_types(given, dim, self.samples["train"].source)
        batch = batch_size or _batch_size(len(self.rows["train"]))
        super().__init__(*types, dim, batch, eval_batch_size, seed)
        self.classes = len(self.class_names) or None
        self.group_key = group_key
        self.partial_targets = options["masked"] and self.classes is None
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
        if scaled:
            self._require_squares(float(y_scales[1].max()))
            self.target_mean = y_scales[0] if y_scales[0].any() else None
            self.target_scale = y_scales[1].to(self.dtype)
        self.note = self._note()
        log.info("%s", self.note)
        return {
            name: (
                self._table(self._of(name).x, rows, *x_scales),
                self._labels(name, rows)
                if self.classes
                else self._table(self._of(name).y, rows, *y_scales),
            )
            for name, rows in self.rows.items()
        }

    @override
    def environments(self) -> Mapping[str, np.ndarray]:
        if self.samples["train"].groups is None:
            raise ValueError(
                "select=leave_one_environment_out holds out environments, such as subjects: name "
                "the column or key of their labels by datamodule.group_key=..."
            )
        if "val" in self.samples:
            raise ValueError(
                "select=leave_one_environment_out chooses validation samples itself, from one file "
                "of training and validation: leave out datamodule.val_file, and add its samples to "
                "datamodule.file."
            )
        return {name: self._of(name).groups[rows] for name, rows in self.rows.items()}

    @override
    def environment_name(self, label: Any) -> str:
        return label if isinstance(label, str) else f"{self.group_key} {label}"

    @override
    def load_fold(self, fold: EnvironmentFold) -> Mapping[str, Split]:
        parts = {name: (rows,) for name, rows in self.rows.items()}
        found = fold.regroup(parts, self.environments())
        # another file than that of the training samples holds no split but the test of the data
        held = {} if fold.number is None else {"test": self.samples["train"]}
        self.samples = self.samples | held
        self.rows = {name: np.sort(rows) for name, (rows,) in found.items()}
        loaded = self.load()
        if fold.number is not None and len(fold.held) < FEWEST_CLUSTERS:
            # the question is about these environments alone, of which samples are draws
            self.clusters = None
        return loaded

    def _note(self) -> str:
        """Says what was done to the data."""
        counts = ", ".join(f"{len(rows)} {name}" for name, rows in self.rows.items())
        notes = [f"Samples: {counts}."]
        if self.class_names:
            listed = ", ".join(f"{k} {name}" for k, name in enumerate(self.class_names[:20]))
            notes.append(f"Classes: {listed}{', ...' if len(self.class_names) > 20 else ''}.")
        if self.standardize:
            both = "Inputs and targets" if self.scales_targets else "Inputs"
            notes.append(
                f"{both} are standardised by the training samples: scalars by their own mean and "
                "standard deviation, tensors by one scale for each term of their type, without a "
                "shift. Metrics and predictions are in the units of the file."
            )
        return " ".join(notes)

    def _require_squares(self, largest: float) -> None:
        """Raises a ValueError if the precision does not hold the squares of such targets."""
        if largest < torch.finfo(self.dtype).max ** 0.5 / 16:
            return
        wider = "Set trainer.precision=64-true, or give" if self.dtype == torch.float32 else "Give"
        raise ValueError(
            f"{self.samples['train'].source}: targets of the size of {largest:.3g} have squares "
            f"that {str(self.dtype)[6:]} does not hold. {wider} the targets in other units."
        )

    def state_dict(self) -> dict[str, Any]:
        """Returns the means and scales of the standardisation, and the names of classes."""
        return {"scales": getattr(self, "scales", {}), "class_names": list(self.class_names)}

    def _of(self, name: str) -> Samples:
        return self.samples.get(name, self.samples["train"])

    def _read_targets(self, kind: str, rep_out: str | None, dim: int) -> tuple[str | None, int]:
        """Turns targets into labels, or checks them; returns their type and their width."""
        self.class_names: tuple[str, ...] = ()
        train = self.samples["train"]
        if kind == "classes":
            self.samples, self.class_names = labelled(self.samples, rep_out, dim)
            present = self.samples["train"].counted_targets
            absent = set(range(len(self.class_names))) - set(np.unique(present).tolist())
            if absent:
                listed = ", ".join(self.class_names[number] for number in sorted(absent))
                log.warning("%s: no sample is of the classes %s.", train.source, listed)
            return rep_out or f"{len(self.class_names)}T0", len(self.class_names)
        if kind == "shares":
            (rep_out,) = {require_shares(each, rep_out) for each in self.samples.values()}
        return rep_out, _width(train.y)

    def _require_alike(self) -> None:
        widths = {(_width(each.x), _width(each.y)): each.source for each in self.samples.values()}
        if len(widths) > 1:
            listed = "; ".join(f"{s}: {x} and {y}" for (x, y), s in widths.items())
            raise ValueError(f"Files must have the same columns of inputs and targets; {listed}.")

    def _is_large(self) -> bool:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        each = torch.finfo(self.dtype).bits // 8
        held = sum(len(s.rows) * (_width(s.x) + _width(s.y)) for s in self.samples.values())
        return held * each > IN_MEMORY * memory

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
