"""Scales of users' columns that respect their types, from one pass over the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from softsym.symmetries import Rep, Scalar
from softsym.symmetries.representations import Sum

CHUNK = 1 << 16
"""Rows that are read at once."""


def chunks(
    table: np.ndarray, rows: np.ndarray | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields numbers of rows with their values (m, size), float64 or text, a chunk at a time."""
    rows = np.arange(len(table)) if rows is None else rows
    for start in range(0, len(rows), CHUNK):
        chosen = rows[start : start + CHUNK]
        dense = chosen[-1] - chosen[0] == len(chosen) - 1
        values = table[chosen[0] : chosen[-1] + 1] if dense else table[chosen]
        kind = values.dtype if values.dtype.kind == "U" else np.float64
        yield chosen, np.asarray(values, kind).reshape(len(chosen), -1)


def scales(table: np.ndarray, rows: np.ndarray, R: Rep, dim: int) -> tuple[Tensor, Tensor]:
    """Mean of the scalars, 0 for other numbers, and the scale of each number, (size,) float64.

    All components of the tensors in one term of the type share a scale, the root mean square of
    their numbers: so a group's action commutes with it. A scalar has its own mean and standard
    deviation. A number that is constant but for rounding keeps its unit. NaN is left out.

    Args:
        table: All rows (count, ...).
        rows: The rows that count, at least one.
        R: Type of a row.
        dim: Dimension of the base space.
    """
    size = np.max([np.nanmax(np.abs(v), 0, initial=0.0) for _, v in chunks(table, rows)], 0)
    unit = np.where(size > 0, size, 1.0)  # squares of large numbers would overflow
    count, mean, about = _moments(table, rows, unit)
    out_mean, out_scale, start = np.zeros_like(mean), np.ones_like(mean), 0
    for copies, term in R.terms if isinstance(R, Sum) else ((1, R),):
        at = slice(start, start + copies * term.size(dim))
        if term == Scalar:
            out_mean[at] = mean[at] * unit[at]
            spread = np.sqrt(about[at] / np.maximum(count[at] - 1, 1)) * unit[at]
        else:
            largest = unit[at].max()
            squares = (about[at] / count[at] + mean[at] ** 2) * (unit[at] / largest) ** 2
            spread = np.full(at.stop - start, np.sqrt(squares.mean()) * largest)
        out_scale[at] = np.where(spread > 1e-9 * size[at], spread, 1.0)
        start = at.stop
    return torch.from_numpy(out_mean), torch.from_numpy(out_scale)


def _moments(
    table: np.ndarray, rows: np.ndarray, unit: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean and sum of squares about it, in these units; merged as Chan et al. (1979) do."""
    count, mean, about = np.zeros((3, len(unit)))
    for _, read in chunks(table, rows):
        values = read / unit
        here = np.maximum(np.sum(~np.isnan(values), 0), 1e-300)
        middle = np.nansum(values, 0) / here
        shift, total = middle - mean, count + here
        about += np.nansum((values - middle) ** 2, 0) + shift**2 * count * here / total
        mean += shift * here / total
        count = total
    return np.maximum(count, 1), mean, about


def standardised(
    table: np.ndarray, rows: np.ndarray, mean: Tensor, scale: Tensor, dtype: torch.dtype
) -> Tensor:
    """The rows (n, size) less their mean and divided by their scale."""
    made = torch.empty(len(rows), len(mean), dtype=dtype)
    done = 0
    for chosen, values in chunks(table, rows):
        part = (torch.from_numpy(values) - mean) / scale
        made[done : done + len(chosen)] = part
        done += len(chosen)
    return made
