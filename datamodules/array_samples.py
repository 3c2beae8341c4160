"""The samples of one file: inputs, targets, groups, and the checks of their numbers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from softsym.datamodules.array_files import INPUTS, TARGETS, choose, read_arrays
from softsym.datamodules.array_scales import chunks

log = logging.getLogger(__name__)


@dataclass
class Samples:
    """What one file holds.

    Attributes:
        source: The file, for messages.
        x: Inputs (n, ...).
        y: Targets (n, ...); or labels (n,), int64, once :func:`class_labels` made them.
        groups: Label of each sample (n,), or None.
        split: Name of the split of each sample (n,), or None.
    """

    source: str
    x: np.ndarray
    y: np.ndarray
    groups: Any = None
    split: Any = None


def read_samples(
    file: str, targets_file: str | None, keys: Mapping[str, str | None], masked: bool
) -> Samples:
    """Reads the samples of a file, of which all numbers are finite.

    Args:
        file: The file.
        targets_file: File of the targets, if they are in another one.
        keys: The keys of ``inputs``, ``targets``, ``group_key`` and ``split``.
        masked: Whether targets may be NaN; samples without any are then left out.

    Raises:
        ValueError: If a key is missing, lengths differ, or a number is NaN or infinite.
    """
    arrays = read_arrays(file)
    others = arrays if targets_file is None else read_arrays(targets_file)
    # a file of one array needs no key
    lone = [tuple(each) if targets_file and len(each) == 1 else () for each in (arrays, others)]
    x = choose(arrays, keys["inputs"], lone[0] or INPUTS, "datamodule.inputs")
    y = choose(others, keys["targets"], lone[1] or TARGETS, "datamodule.targets")
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
    samples = Samples(file, x, y, groups, split)
    return _with_targets(samples) if masked else samples


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
        wrong = ~np.isfinite(values)
        if masked:
            wrong &= ~np.isnan(values)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            first = first or f"row {rows[row]}, column {column} of the {what} is "
            first += f"{values[row, column]}" if not bad else ""
            bad += int(wrong.sum())
    if bad:
        remedy = ""
        if what == "targets" and not masked:
            remedy = " datamodule.missing=mask leaves NaN out of losses and metrics."
        raise ValueError(
            f"{file}: {first}, and {bad} numbers in all are NaN or infinite. Remove or repair such "
            f"samples.{remedy}"
        )


def _with_targets(samples: Samples) -> Samples:
    """The samples that have any target."""
    empty = np.concatenate([np.isnan(values).all(1) for _, values in chunks(samples.y)])
    if not empty.any():
        return samples
    log.info("%s: %d samples have no target and are left out.", samples.source, empty.sum())
    if empty.all():
        raise ValueError(f"{samples.source}: no sample has a target.")
    kept = {n: v[~empty] for n, v in vars(samples).items() if isinstance(v, np.ndarray)}
    return Samples(**vars(samples) | kept)


def class_labels(samples: Samples, classes: int | None) -> np.ndarray:
    """Reads labels (n,), int64, off targets (n,), (n, 1) or one-hot (n, classes).

    Args:
        samples: The samples.
        classes: Number of classes; None to take any labels from 0.

    Raises:
        ValueError: If a target is no whole number, or out of range.
    """
    y = np.asarray(samples.y).reshape(len(samples.y), -1)
    if y.shape[1] > 1:
        hot = ((y == 0) | (y == 1)).all(1) & (y.sum(1) == 1)
        if not hot.all():
            raise ValueError(
                f"{samples.source}: classes are labels (n,) or (n, 1), or one-hot rows; row "
                f"{int(np.argmin(hot))} (from 0) of the targets {samples.y.shape} is neither. For "
                "shares of classes set datamodule.target_kind=shares."
            )
        y = y.argmax(1)[:, None]
    values, largest = y[:, 0], np.inf if classes is None else classes - 1
    wrong = ~((values == np.floor(values)) & (values >= 0) & (values <= largest))
    if wrong.any():
        row = int(np.argmax(wrong))
        allowed = "0, 1, 2, ..." if classes is None else f"0 to {classes - 1}"
        numbers = "" if values[row] == np.floor(values[row]) else " For numbers take loss=mse."
        raise ValueError(
            f"{samples.source}: row {row} (from 0) of the targets is {values[row]:g}, but labels "
            f"must be whole numbers from {allowed}; {int(wrong.sum())} are not.{numbers}"
        )
    return values.astype(np.int64)


def require_shares(samples: Samples) -> None:
    """Raises a ValueError unless all targets are from 0 to 1."""
    for rows, values in chunks(samples.y):
        wrong = (values < 0) | (values > 1)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"{samples.source}: row {rows[row]} (from 0), column {column} of the targets is "
                f"{values[row, column]:g}, but this loss takes targets from 0 to 1."
            )
