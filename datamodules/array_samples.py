"""The samples of one file: inputs, targets, groups, and the checks of their numbers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from softsym.datamodules.array_files import INPUTS, TARGETS, TEXT, choose, read_arrays
from softsym.datamodules.array_scales import chunks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Samples:
    """What one file holds.

    Attributes:
        source: The file, for messages.
        x: Inputs (n, ...), which may be mapped into memory.
        y: Targets (n, ...), numbers or names of classes.
        rows: Numbers (m,) of the rows that count, in rising order: those with any target.
        groups: Label of each row (n,), or None.
        split: Name of the split of each row (n,), or None.
    """

    source: str
    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray
    groups: Any = None
    split: Any = None

    @property
    def counted_targets(self) -> np.ndarray:
        """Targets (m, size) of the rows that count; a copy only where some are left out."""
        y = self.y if len(self.rows) == len(self.y) else self.y[self.rows]
        return y.reshape(len(y), -1)


def read_samples(
    file: str | Mapping[str, Any],
    targets_file: str | None,
    keys: Mapping[str, str | None],
    masked: bool,
    names: bool = False,
) -> Samples:
    """Reads the samples of a file, of which all numbers are finite.

    Args:
        file: The file, or arrays by name.
        targets_file: File of the targets, if they are in another one.
        keys: The keys of ``inputs``, ``targets``, ``group_key`` and ``split``.
        masked: Whether targets may be missing; samples without any are then left out.
        names: Whether targets may be text, the names of classes.

    Raises:
        ValueError: If a key is missing, lengths differ, or a number is NaN or infinite.
    """
    arrays = read_arrays(file)
    file = file if isinstance(file, str) else arrays.source
    if len(arrays) == 1 and targets_file is None and keys["targets"] is None:
        raise ValueError(
            f"{file} holds one array alone, {next(iter(arrays))!r}. Name the file of the targets "
            "by datamodule.targets_file=..., or save both as X and Y in one .npz."
        )
    others = arrays if targets_file is None else read_arrays(targets_file)
    # a file of one array needs no key
    lone = [tuple(each) if targets_file and len(each) == 1 else () for each in (arrays, others)]
    x = choose(arrays, keys["inputs"], lone[0] or INPUTS, "datamodule.inputs")
    y = choose(others, keys["targets"], lone[1] or TARGETS, "datamodule.targets", text=True)
    if y.dtype.kind == TEXT and not names:
        raise ValueError(
            f"{targets_file or file}: the targets are text, such as {str(y.flat[0])!r}. Names of "
            "classes go with loss=cross_entropy; else name columns of numbers by "
            "datamodule.targets=..."
        )
    if len(x) != len(y) or not len(x):
        raise ValueError(
            f"{file}: inputs and targets must have the same number of rows, at least one; got "
            f"{len(x)} and {len(y)}."
        )
    groups, split = (
        None if keys[what] is None else _labels(file, arrays, what, str(keys[what]), len(x))
        for what in ("group_key", "split")
    )
    _require_finite(file, "inputs", x, False)
    _require_finite(targets_file or file, "targets", y, masked)
    rows = _with_targets(targets_file or file, y) if masked else np.arange(len(y))
    return Samples(file, x, y, rows, groups, split)


def _labels(
    file: str, arrays: Mapping[str, np.ndarray], what: str, key: str, count: int
) -> np.ndarray:
    """The labels (count,) under a key, numbers or text."""
    found = choose(arrays, key, (), f"datamodule.{what}", text=True)
    if found.size != count:
        raise ValueError(
            f"{file}: datamodule.{what}={key} holds {found.size} labels for {count} samples."
        )
    return found.reshape(-1)


def _require_finite(file: str, what: str, table: np.ndarray, masked: bool) -> None:
    bad, first = 0, ""
    for rows, values in chunks(table):
        wrong = values == "" if values.dtype.kind == TEXT else ~np.isfinite(values)
        if masked:
            wrong &= ~_missing(values)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            found = values[row, column] or "empty"
            first = first or f"row {rows[row]}, column {column} of the {what} is {found}"
            bad += int(wrong.sum())
    if bad:
        remedy = ""
        if what == "targets" and not masked:
            remedy = " datamodule.missing=mask leaves missing targets out of losses and metrics."
        raise ValueError(
            f"{file}: {first}, and {bad} in all are NaN, infinite or empty. Remove or repair such "
            f"samples.{remedy}"
        )


def _missing(values: np.ndarray) -> np.ndarray:
    missing: np.ndarray = values == "" if values.dtype.kind == TEXT else np.isnan(values)
    return missing


def _with_targets(file: str, y: np.ndarray) -> np.ndarray:
    """Numbers of the rows (n, ...) that have any target."""
    empty = np.concatenate([_missing(values).all(1) for _, values in chunks(y)])
    if empty.all():
        raise ValueError(f"{file}: no sample has a target.")
    if empty.any():
        log.info("%s: %d samples have no target and are left out.", file, empty.sum())
    return np.flatnonzero(~empty)
