"""What users' targets are: numbers of a type, labels of classes, or shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from softsym.datamodules.array_samples import TEXT, Samples
from softsym.datamodules.array_scales import chunks
from softsym.symmetries import rep
from softsym.symmetries.batches import is_invariant


def labelled(
    samples: Mapping[str, Samples], rep_out: str | None, dim: int
) -> tuple[dict[str, Samples], tuple[str, ...]]:
    """Numbers the classes of the targets from 0, in the order of their names or numbers.

    Args:
        samples: Samples by file, whose targets are names or whole numbers (n,) or (n, 1), or
            one-hot rows (n, classes).
        rep_out: One scalar for each class; None to take the number of classes from the data.
        dim: Dimension of the base space.

    Returns:
        The samples with labels (n,), int64, as targets; and the names of the classes, over all
        files.

    Raises:
        ValueError: If a target is no label, or the type is not one scalar for each class.
    """
    count = None
    if rep_out is not None:
        _require_scalars(rep_out, "classes have", "3T0. Leave it out to count the classes")
        count = rep(rep_out).size(dim)
    columns = {key: _column(each) for key, each in samples.items()}
    classes = np.unique(np.concatenate(list(columns.values())))
    one_hot = max(each.y.reshape(len(each.y), -1).shape[1] for each in samples.values())
    count = one_hot if one_hot > 1 and count is None else count
    if count is not None and classes.dtype.kind != TEXT and 0 <= classes[0] <= classes[-1] < count:
        classes = np.arange(count)  # of which some may be absent
    _require_count(classes, count, samples["train"])
    labels = {key: np.searchsorted(classes, each) for key, each in columns.items()}
    return {key: replace(each, y=_placed(labels[key], each)) for key, each in samples.items()}, (
        tuple(str(each) for each in classes)
    )


def _placed(labels: np.ndarray, samples: Samples) -> np.ndarray:
    """Labels at the places of their rows (n,); 0 at rows that do not count."""
    if len(labels) == len(samples.y):
        return labels
    placed = np.zeros(len(samples.y), labels.dtype)
    placed[samples.rows] = labels
    return placed


def _require_count(classes: np.ndarray, count: int | None, samples: Samples) -> None:
    listed = ", ".join(str(each) for each in classes[:9])
    listed += ", ..." if len(classes) > 9 else ""
    if count is not None and len(classes) != count:
        raise ValueError(
            f"{samples.source}: the targets are of {len(classes)} classes, {listed}, but the type "
            f"or the width says {count}. Leave out datamodule.rep_out to count the classes."
        )
    if not 2 <= len(classes) <= max(len(samples.rows) // 2, 2):
        raise ValueError(
            f"{samples.source}: the targets are of {len(classes)} classes, {listed}. Classes need "
            "at least two different labels, and two samples each; for numbers take loss=mse."
        )


def _column(samples: Samples) -> np.ndarray:
    """Labels of the rows that count: names, or whole numbers as int64.

    Raises:
        ValueError: If a target is no label.
    """
    y = samples.counted_targets
    if y.shape[1] > 1:
        hot = np.zeros(len(y), bool)
        if y.dtype.kind != TEXT:
            hot = ((y == 0) | (y == 1)).all(1) & (y.sum(1) == 1)
        if not hot.all():
            row = samples.rows[np.argmin(hot)]
            raise ValueError(
                f"{samples.source}: classes are one column of names or whole numbers, or one-hot "
                f"rows; row {row} (from 0) of the targets {samples.y.shape} is neither. "
                "For several answers of yes or no take loss=bce, for numbers loss=mse."
            )
        return y.argmax(1)
    column: np.ndarray = y[:, 0]
    if column.dtype.kind == TEXT:
        return column
    wrong = column != np.floor(column)
    if wrong.any():
        first = int(np.argmax(wrong))
        row, value = samples.rows[first], column[first]
        raise ValueError(
            f"{samples.source}: row {row} (from 0) of the targets is {value:g}, but labels "
            f"of classes are names or whole numbers; {int(wrong.sum())} are not. For numbers take "
            "loss=mse."
        )
    return column.astype(np.int64)


def require_shares(samples: Samples, rep_out: str | None) -> str:
    """Returns the type of shares, by default one scalar for each.

    Raises:
        ValueError: Unless all targets are from 0 to 1, and the type holds scalars.
    """
    if rep_out is not None:
        _require_scalars(rep_out, "shares have", "3T0. Leave it out to count them")
    for rows, values in chunks(samples.y):
        wrong = (values < 0) | (values > 1)
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"{samples.source}: row {rows[row]} (from 0), column {column} of the targets is "
                f"{values[row, column]:g}, but this loss takes targets from 0 to 1. For labels of "
                "classes take loss=cross_entropy, for numbers loss=mse."
            )
    return rep_out or f"{samples.y.reshape(len(samples.y), -1).shape[1]}T0"


def _require_scalars(rep_out: str, what: str, example: str) -> None:
    if not is_invariant(rep(rep_out)):
        raise ValueError(
            f"datamodule.rep_out={rep_out}: {what} no direction, so their type is one scalar for "
            f"each, as in {example}."
        )
