"""Tables of positions that a few strides describe, so that they need not be kept or looked up.

A weight from n copies of one tensor to m copies of another holds n m blocks at regular distances.
Strides read them as a matrix with blocks as columns, two to three times faster than a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import Tensor

Axis = tuple[int, int]
"""Size and stride."""


@dataclass(frozen=True)
class Grid:
    """Positions base + strides * coordinates, as a matrix (width, count)."""

    base: int  # position of the first number
    rows: tuple[Axis, ...]  # axes of a block's numbers, slowest first
    columns: tuple[Axis, ...]  # axes of the blocks, slowest first

    @property
    def shape(self) -> tuple[int, int]:
        """Width and count."""
        return _length(self.rows), _length(self.columns)

    def view(self, flat: Tensor) -> Tensor:
        """Returns a view of the numbers at these positions, one dimension for each axis."""
        sizes, strides = zip(*self.rows, *self.columns, strict=True)
        return flat.as_strided(sizes, strides, flat.storage_offset() + self.base)

    def read(self, flat: Tensor, dtype: torch.dtype) -> Tensor:
        """Copies the numbers at these positions, (width, count)."""
        view = self.view(flat)
        copied = torch.empty(view.shape, dtype=dtype, device=flat.device)
        return copied.copy_(view).view(self.shape)

    def write(self, flat: Tensor, values: Tensor) -> None:
        """Puts numbers, (width, count), at these positions."""
        view = self.view(flat)
        view.copy_(values.view(view.shape))

    def split(self, most: int) -> list[Grid]:
        """Splits the slowest axis of columns, so that each part has at most ``most`` numbers."""
        cut = next((n for n, (size, _) in enumerate(self.columns) if size > 1), 0)
        before, (size, stride), after = (
            self.columns[:cut], self.columns[cut], self.columns[cut + 1 :],
        )  # fmt: skip
        step = max(most * size // prod(self.shape), 1)
        return [
            replace(
                self,
                base=self.base + stride * start,
                columns=(*before, (min(step, size - start), stride), *after),
            )
            for start in range(0, size, step)
        ]


def grids(positions: Tensor) -> Iterator[tuple[Tensor, Grid | None]]:
    """Cuts a table (width, count) into grids, lazily: finding one reads all columns that are left.

    Yields from left to right a part of the table and its grid; None if the part is irregular.
    """
    while positions.shape[1]:
        offsets = positions - positions[:1]
        alike = _leading((offsets == offsets[:, :1]).all(0))
        rows, columns = _axes(offsets[:, 0]), _leading_axes(positions[0, :alike])
        count = _length(columns)
        yield positions[:, :count], Grid(int(positions[0, 0]), rows, columns) if rows else None
        positions = positions[:, count:]


def _axes(positions: Tensor) -> tuple[Axis, ...]:
    """Describes a vector of positions by axes; none if it is irregular."""
    axes: tuple[Axis, ...] = ()
    while len(positions) > 1:
        size, stride = _run(positions)
        if len(positions) % size or size == 1:
            return ()
        runs = positions.view(-1, size)
        if not torch.equal(runs - runs[:, :1], (stride * torch.arange(size)).expand_as(runs)):
            return ()
        axes, positions = ((size, stride), *axes), runs[:, 0]
    return axes or ((1, 1),)


def _leading_axes(positions: Tensor) -> tuple[Axis, ...]:
    """Describes as many leading positions as two axes can.

    Two, because copies of the output tensor and copies of the input tensor are one axis each.
    """
    size, stride = _run(positions)
    runs = positions[: len(positions) // size * size].view(-1, size)
    regular = (runs - runs[:, :1] == stride * torch.arange(size)).all(1)
    return (_run(runs[: _leading(regular), 0]), (size, stride))


def _run(positions: Tensor) -> Axis:
    """Counts the leading positions at equal distances; returns the number and the distance."""
    steps = positions.diff()
    if not len(steps) or steps[0] < 1:  # as_strided takes no negative strides
        return 1, 1
    return 1 + _leading(steps == steps[0]), int(steps[0])


def _leading(true: Tensor) -> int:
    """Counts the entries before the first that is false."""
    false = (~true).nonzero()
    return int(false[0]) if len(false) else len(true)


def _length(axes: tuple[Axis, ...]) -> int:
    return prod(size for size, _ in axes)
