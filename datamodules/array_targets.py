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
    """Numbers the classes of the targets.

    Names are numbered in alphabetical order, over all files. Numbers stay what they are.

    Args:
        samples: Samples by file, whose targets are names (n,) or (n, 1), whole numbers from 0, or
            one-hot rows (n, classes).
        rep_out: One scalar for each class; None to take the number of classes from the data.
        dim: Dimension of the base space.

    Returns:
        The samples with labels (n,), int64, as targets; and the names of the classes.

    Raises:
        ValueError: If a target is no label, or the type is not one scalar for each class.
    """
    classes = None
    if rep_out is not None:
        _require_scalars(rep_out, "classes have", "3T0. Leave it out to count the classes")
        classes = rep(rep_out).size(dim)
    if any(each.y.dtype.kind == TEXT for each in samples.values()):
        names, labels = _of_names(samples, classes)
    else:
        labels = {key: class_labels(each, classes) for key, each in samples.items()}
        count = classes or max(int(each.max()) for each in labels.values()) + 1
        names = [str(number) for number in range(count)]
    if len(names) < 2:
        raise ValueError(
            f"{samples['train'].source}: classes need at least two different labels; all targets "
            f"are {names[0]!r}."
        )
    return {key: replace(each, y=labels[key]) for key, each in samples.items()}, tuple(names)


def _of_names(
    samples: Mapping[str, Samples], classes: int | None
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Names of all classes, and their numbers in each file."""
    columns = {key: each.y.reshape(len(each.y), -1).astype(str) for key, each in samples.items()}
    source = samples["train"].source
    if any(each.shape[1] > 1 for each in columns.values()):
        raise ValueError(
            f"{source}: names of classes are one column; name it by datamodule.targets=..."
        )
    names, labels = np.unique(
        np.concatenate([each[:, 0] for each in columns.values()]), return_inverse=True
    )
    if classes is not None and len(names) != classes:
        raise ValueError(
            f"{source}: the targets name {len(names)} classes, {', '.join(names[:9])}, but "
            f"datamodule.rep_out has {classes} scalars. Leave it out to count the classes."
        )
    ends = np.cumsum([len(each) for each in columns.values()])[:-1]
    parts = np.split(labels.reshape(-1).astype(np.int64), ends)
    return names.tolist(), dict(zip(columns, parts, strict=True))


def class_labels(samples: Samples, classes: int | None) -> np.ndarray:
    """Reads labels (n,), int64, off numbers (n,), (n, 1) or one-hot rows (n, classes).

    Args:
        samples: The samples.
        classes: Number of classes; None to take any labels from 0.

    Raises:
        ValueError: If a target is no whole number, or out of range.
    """
    y = samples.y.reshape(len(samples.y), -1)
    if y.shape[1] > 1:
        hot = ((y == 0) | (y == 1)).all(1) & (y.sum(1) == 1)
        if not hot.all():
            raise ValueError(
                f"{samples.source}: classes are labels (n,) or (n, 1), or one-hot rows; row "
                f"{int(np.argmin(hot))} (from 0) of the targets {samples.y.shape} is neither. For "
                "several answers of yes or no take loss=bce, for numbers loss=mse."
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
