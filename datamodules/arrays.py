"""Users' own arrays, from a file of numbers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from softsym.datamodules.array_files import INPUTS, TARGETS, choose, read_arrays
from softsym.datamodules.base import SPLITS, Split, TensorDataModule
from softsym.datamodules.setting_checks import Count, Positive, Seed
from softsym.symmetries import Rep, Scalar, rep
from softsym.symmetries.representations import Sum

log = logging.getLogger(__name__)

LARGEST_DIM = 16
"""Largest space that is proposed where types do not fit."""
BATCHES_AN_EPOCH = 16
SMALLEST_BATCH, LARGEST_BATCH = 64, 1024


class ArraysDataModule(TensorDataModule):
    """Inputs and targets from a file, split at random or by groups of samples, and standardised.

    Standardisation respects the types: the copies of a tensor in one term of a type share one
        scale, scalars
    have one each, and means are taken from scalars alone. Metrics are in the units of the file.

    Args:
        file: npz, npy, csv, parquet, pt, safetensors or HDF5.
        rep_in: Type of the inputs, such as ``"5T0 + 5T1"``.
        rep_out: Type of the targets.
        inputs: Key of the inputs, columns joined by commas, or ``x_*``; ``X`` or ``x`` by default.
        targets: The same for the targets; ``Y`` or ``y`` by default.
        targets_file: File of the targets, if they are in another one.
        group_key: Key of labels (n,); samples of one label are in one split, and count as
            dependent on each other in the symmetry test.
        split: Shares of train, val and test.
        dim: Dimension of the base space.
        batch_size: Global training batch; by default a sixteenth of the training samples, from 64
            to 1024.
        standardize: Whether inputs and targets are standardised.
        split_seed: Seed of the split.
        seed: Seed of the order of the training samples.

    Raises:
        ValueError: If the file cannot be read, a key is missing, or the types do not fit.
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
        group_key: str | None = None,
        split: Sequence[Positive] = (0.7, 0.15, 0.15),
        dim: Count = 3,
        batch_size: Count | None = None,
        eval_batch_size: Count = 4096,
        standardize: bool = True,
        split_seed: Seed = 0,
        seed: Seed = 0,
    ) -> None:
        if len(split) != len(SPLITS) or abs(sum(split) - 1) > 1e-6:
            raise ValueError(
                f"datamodule.split must hold the shares of {', '.join(SPLITS)}, which sum to 1; "
                f"got {list(split)}."
            )
        self.x, self.y, self.labels = _read(file, targets_file, inputs, targets, group_key)
        for key, text, values in (("rep_in", rep_in, self.x), ("rep_out", rep_out, self.y)):
            _require_type(key, text, values.shape[1], dim)
        count = len(self.x)
        batch = batch_size or _batch_size(round(split[0] * count))
        super().__init__(rep_in or "T0", rep_out or "T0", dim, batch, eval_batch_size, seed)
        self.shares, self.standardize, self.split_seed = tuple(split), standardize, split_seed

    @override
    def load(self) -> Mapping[str, Split]:
        rows = _split_rows(len(self.x), self.labels, self.shares, self.split_seed)
        for name, chosen in zip(SPLITS, rows, strict=True):
            if not len(chosen):
                raise ValueError(
                    f"No sample is left for {name!r}: {len(self.x)} samples"
                    f"{'' if self.labels is None else f' of {len(set(self.labels))} groups'} are "
                    f"too few for the shares {list(self.shares)}."
                )
        if self.labels is not None:
            _, numbered = np.unique(self.labels, return_inverse=True)
            of_all = torch.from_numpy(numbered.reshape(-1))
            self.clusters = {n: of_all[chosen] for n, chosen in zip(SPLITS, rows, strict=True)}
        x, y = torch.from_numpy(self.x), torch.from_numpy(self.y)
        if self.standardize:
            train = rows[0]
            x_mean, x_scale = _moments(x[train], self.rep_in, self.dim)
            y_mean, y_scale = _moments(y[train], self.rep_out, self.dim)
            x, y = (x - x_mean) / x_scale, (y - y_mean) / y_scale
            self.scales = {"inputs": (x_mean, x_scale), "targets": (y_mean, y_scale)}
            self.target_scale = y_scale.float()
        return {
            name: (x[chosen].float(), y[chosen].float())
            for name, chosen in zip(SPLITS, rows, strict=True)
        }

    def state_dict(self) -> dict[str, Any]:
        """Returns the means and scales by which data were standardised."""
        return {"scales": getattr(self, "scales", {})}


def _read(
    file: str, targets_file: str | None, inputs: str | None, targets: str | None, key: str | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Inputs and targets as tables of float64, and the labels of groups."""
    arrays = read_arrays(file)
    others = arrays if targets_file is None else read_arrays(targets_file)
    lone = [tuple(each) if targets_file and len(each) == 1 else () for each in (arrays, others)]
    x = choose(arrays, inputs, lone[0] or INPUTS, "datamodule.inputs")
    y = choose(others, targets, lone[1] or TARGETS, "datamodule.targets")
    if len(x) != len(y):
        raise ValueError(
            f"{file}: inputs and targets must have the same number of rows; got {len(x)} and "
            f"{len(y)}."
        )
    labels = None if key is None else choose(arrays, key, (), "datamodule.group_key").reshape(-1)
    if labels is not None and len(labels) != len(x):
        raise ValueError(
            f"{file}: datamodule.group_key={key} holds {len(labels)} labels for {len(x)} samples."
        )
    tables = [values.reshape(len(values), -1).astype(np.float64) for values in (x, y)]
    for what, table in zip(("inputs", "targets"), tables, strict=True):
        bad = np.argwhere(~np.isfinite(table))
        if len(bad):
            row, column = bad[0]
            raise ValueError(
                f"{file}: row {row}, column {column} of the {what} is {table[row, column]}, and "
                f"{len(bad)} numbers in all are NaN or infinite. Remove or repair such samples."
            )
    return tables[0], tables[1], labels


def _require_type(key: str, text: str | None, width: int, dim: int) -> None:
    """Raises a ValueError unless a type has as many numbers as the data; proposes ones that fit."""
    wrong = None if text is None else rep(text).size(dim)
    if wrong == width:
        return
    fitting = ", ".join(_proposals(width, dim))
    if text is None:
        raise ValueError(
            f"datamodule.{key} is missing: say what kind of numbers the {width} columns are. Over "
            f"R^{dim}, for example, these fit: {fitting}."
        )
    spaces = [d for d in range(1, LARGEST_DIM) if rep(text).size(d) == width]
    other = f" It fits R^{spaces[0]}: set dim={spaces[0]}." if spaces else ""
    raise ValueError(
        f"datamodule.{key}={text} has {wrong} numbers over R^{dim}, but the data have {width} "
        f"columns.{other} Over R^{dim}, for example, these fit: {fitting}."
    )


def _proposals(width: int, dim: int) -> list[str]:
    """Types of scalars, vectors and matrices with a number of components."""
    found = [f"{width}T0"]
    vectors, left = divmod(width, dim)
    if vectors and dim > 1:
        found.append(f"{vectors}T1" + (f"+{left}T0" if left else ""))
        if width % (dim + 1) == 0 and width > dim:
            found.append(f"{width // (dim + 1)}T0+{width // (dim + 1)}T1")
    if dim > 1 and width % dim**2 == 0:
        found.append(f"{width // dim**2}T2")
    return found


def _split_rows(
    count: int, labels: np.ndarray | None, shares: Sequence[float], seed: int
) -> list[Tensor]:
    """Rows of each split; those of one label stay together."""
    unit = np.arange(count) if labels is None else np.unique(labels, return_inverse=True)[1]
    units = int(unit.max()) + 1
    order = torch.randperm(units, generator=torch.Generator().manual_seed(seed)).numpy()
    place = np.empty(units)
    place[order] = (np.arange(units) + 0.5) / units
    at = place[unit.reshape(-1)]
    ends = np.cumsum(shares)
    part = np.searchsorted(ends[:-1], at)
    return [torch.from_numpy(np.flatnonzero(part == k)) for k in range(len(shares))]


def _moments(values: Tensor, R: Rep, dim: int) -> tuple[Tensor, Tensor]:
    """Mean of the scalars, 0 for other numbers, and the scale of each number, (size,)."""
    mean = torch.zeros(values.shape[1], dtype=values.dtype)
    scale, start = torch.ones_like(mean), 0
    for count, term in R.terms if isinstance(R, Sum) else ((1, R),):
        columns = slice(start, start + count * term.size(dim))
        part = values[:, columns]
        if term == Scalar:
            mean[columns] = part.mean(0)
            spread = part.std(0)
        else:
            spread = part.square().mean().sqrt().expand(part.shape[1])
        # a column that is constant but for rounding keeps its unit
        size = part.abs().amax(0)
        scale[columns] = torch.where(spread > 1e-9 * size, spread, 1.0)
        start = columns.stop
    return mean, scale


def _batch_size(training: int) -> int:
    return min(max(training // BATCHES_AN_EPOCH, SMALLEST_BATCH), LARGEST_BATCH)
