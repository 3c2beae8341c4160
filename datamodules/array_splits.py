"""Splits of users' rows: by shares, by groups of rows, by a column, or by files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from softsym.datamodules.base import SPLITS


def split_by_shares(
    count: int, labels: np.ndarray | None, shares: Sequence[float], seed: int
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


def split_by_column(words: np.ndarray, key: str, source: str) -> list[np.ndarray]:
    """Reads the rows of each split off a column of names, or of the numbers 0, 1 and 2.

    Args:
        words: Name of the split of each row (count,).
        key: Name of the column.
        source: The file.

    Raises:
        ValueError: If a row names no split.
    """
    names = np.array(SPLITS if words.dtype.kind == "U" else range(len(SPLITS)))
    unknown = np.flatnonzero(~np.isin(words, names))
    if len(unknown):
        raise ValueError(
            f"{source}: row {unknown[0]} (from 0) of the column {key!r}, which datamodule.split "
            f"names, is {words[unknown[0]]!s}. It must be train, val or test, or 0, 1 or 2."
        )
    return [np.flatnonzero(words == name) for name in names]


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
