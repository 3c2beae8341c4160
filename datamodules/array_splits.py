"""Splits of users' rows: by shares, by groups of rows, by a column, or by files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from softsym.datamodules.array_samples import Samples
from softsym.datamodules.splits import SPLITS


def require_split(
    split: Sequence[float] | str, targets_file: str | None, others: Sequence[str | None]
) -> None:
    """Raises a ValueError unless shares sum to 1, and the ways to split go with each other.

    Args:
        split: Shares of the splits, or the key of a column.
        targets_file: File of the targets, if they are in another one.
        others: Files of validation and test, or None.
    """
    if not isinstance(split, str) and (len(split) != len(SPLITS) or abs(sum(split) - 1) > 1e-6):
        raise ValueError(
            f"datamodule.split must hold the shares of {', '.join(SPLITS)}, which sum to 1, or "
            f"name a column; got {list(split)}."
        )
    if any(others) and (isinstance(split, str) or targets_file):
        raise ValueError(
            "datamodule.val_file and test_file go with files that hold inputs and targets, and "
            "with a split by shares: leave out datamodule.targets_file, and the column in "
            "datamodule.split."
        )


def split_rows(
    samples: Mapping[str, Samples], split: Sequence[float] | str, key: str | None, seed: int
) -> dict[str, np.ndarray]:
    """Rows of each split in its own file, in rising order.

    Args:
        samples: Those of ``train``, and of the splits that have a file of their own.
        split: Shares of the splits, of which those without a file count; or the key of a column.
        key: Key of the groups that stay together, for messages.
        seed: Seed of the draw.

    Raises:
        ValueError: If a split is empty, or a group is in two of them.
    """
    own = samples["train"]
    labels = None if own.groups is None else own.groups[own.rows]
    if isinstance(split, str):
        parts = split_by_column(own.split, own.rows, split, own.source)
        found = dict(zip(SPLITS, parts, strict=True))
    else:
        here = [name for name in SPLITS if name == "train" or name not in samples]
        shares = np.array([split[SPLITS.index(name)] for name in here])
        drawn = split_by_shares(len(own.rows), labels, shares / shares.sum(), seed)
        others = {name: each.rows for name, each in samples.items()}
        found = others | {name: own.rows[part] for name, part in zip(here, drawn, strict=True)}
    for name, rows in found.items():
        if not len(rows):
            of = "" if labels is None else f" of {len(np.unique(labels))} groups"
            raise ValueError(
                f"{own.source}: no sample is left for {name!r}: {len(own.rows)} samples{of} with "
                f"datamodule.split={split if isinstance(split, str) else list(split)}."
            )
    if own.groups is not None and (isinstance(split, str) or len(samples) > 1):
        held = [samples.get(name, own).groups[rows] for name, rows in found.items()]
        require_apart(held, list(found), str(key))
    return {name: found[name] for name in SPLITS}


def split_by_shares(
    count: int, labels: np.ndarray | None, shares: Sequence[float] | np.ndarray, seed: int
) -> list[np.ndarray]:
    """Draws the rows of each split; those of one label stay together.

    Args:
        count: Number of rows.
        labels: A label of each row (count,); None where each row is alone.
        shares: Share of each split, which sum to 1.
        seed: Seed of the draw.

    Returns:
        Rows of each split in rising order.
    """
    unit = np.arange(count) if labels is None else np.unique(labels, return_inverse=True)[1]
    units = int(unit.max()) + 1
    order = torch.randperm(units, generator=torch.Generator().manual_seed(seed)).numpy()
    place = np.empty(units)
    place[order] = (np.arange(units) + 0.5) / units
    at = place[unit.reshape(-1)]
    part = np.searchsorted(np.cumsum(shares)[:-1], at)
    return [np.flatnonzero(part == k) for k in range(len(shares))]


def split_by_column(words: np.ndarray, rows: np.ndarray, key: str, source: str) -> list[np.ndarray]:
    """Reads the rows of each split off a column of names, or of the numbers 0, 1 and 2.

    Args:
        words: Name of the split of each row in the file (count,).
        rows: Numbers of the rows that count.
        key: Name of the column.
        source: The file.

    Raises:
        ValueError: If a row names no split.
    """
    names = np.array(SPLITS if words.dtype.kind == "U" else range(len(SPLITS)))
    labels = words[rows]
    unknown = rows[~np.isin(labels, names)]
    if len(unknown):
        raise ValueError(
            f"{source}: row {unknown[0]} (from 0) of the column {key!r}, which datamodule.split "
            f"names, is {words[unknown[0]]!s}. It must be train, val or test, or 0, 1 or 2."
        )
    return [rows[labels == name] for name in names]


def require_apart(labels: Sequence[np.ndarray], names: Sequence[str], key: str) -> None:
    """Raises a ValueError if two splits share a label.

    Args:
        labels: Labels of the samples of each split.
        names: Names of the splits.
        key: The column of the labels, for the message.
    """
    held = [set(np.unique(each).tolist()) for each in labels]
    for k, first in enumerate(held):
        for m in range(k):
            if both := first & held[m]:
                raise ValueError(
                    f"{len(both)} labels of datamodule.group_key={key} are in both {names[m]} and "
                    f"{names[k]}, such as {min(both)!r}. Split by shares, which keeps groups "
                    "together, or name groups that the splits keep apart."
                )
