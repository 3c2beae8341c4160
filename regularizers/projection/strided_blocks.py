"""Tables of places that follow from a few strides, so that they need not be kept or looked up.

A weight from n copies of one tensor to m copies of another holds n m blocks, at regular distances.
Read with strides they are a matrix, blocks as columns, two to three times faster than by a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

Axis = tuple[int, int]
"""Size and stride."""


@dataclass(frozen=True)
class Grid:
    """Places base + strides * coordinates, as a matrix (width, count).

    Attributes:
        base: Place of the first number.
        rows: Axes of a block's numbers, slowest first.
        columns: Axes of the blocks.
    """

    base: int
    rows: tuple[Axis, ...]
    columns: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Width and count."""
        return _length(self.rows), _length(self.columns)

    def of(self, flat: Tensor) -> Tensor:
        """The numbers at these places as a view, one dimension for each axis."""
        sizes, strides = zip(*self.rows, *self.columns, strict=True)
        return flat.as_strided(sizes, strides, flat.storage_offset() + self.base)

    def read(self, flat: Tensor, dtype: torch.dtype) -> Tensor:
        """The numbers at these places, (width, count)."""
        view = self.of(flat)
        made = torch.empty(view.shape, dtype=dtype, device=flat.device)
        return made.copy_(view).view(self.shape)

    def write(self, flat: Tensor, values: Tensor) -> None:
        """Puts numbers, (width, count), at these places."""
        view = self.of(flat)
        view.copy_(values.view(view.shape))

    def split(self, most: int) -> list[Grid]:
        """Grids of at most so many numbers, along the slowest axis of columns that there is."""
        cut = next((n for n, (size, _) in enumerate(self.columns) if size > 1), 0)
        before, (size, stride), after = (
            self.columns[:cut], self.columns[cut], self.columns[cut + 1 :],
        )  # fmt: skip
        step = max(most * size // (self.shape[0] * self.shape[1]), 1)
        return [
            replace(
                self,
                base=self.base + stride * start,
                columns=(*before, (min(step, size - start), stride), *after),
            )
            for start in range(0, size, step)
        ]


def grids(places: Tensor) -> Iterator[tuple[Tensor, Grid | None]]:
    """Cuts a table into grids, one after the other; each takes a look at all that is left.

    Args:
        places: (width, count), at least one column.

    Yields:
        From left to right a part of the table and its grid; None where there is no regularity.
    """
    while places.shape[1]:
        offsets = places - places[:1]
        alike = _leading((offsets == offsets[:, :1]).all(0))
        rows, columns = _axes(offsets[:, 0]), _leading_axes(places[0, :alike])
        count = _length(columns)
        yield places[:, :count], Grid(int(places[0, 0]), rows, columns) if rows else None
        places = places[:, count:]


def _axes(places: Tensor) -> tuple[Axis, ...]:
    """Axes of a whole vector of places; none if they are not regular."""
    axes: tuple[Axis, ...] = ()
    while len(places) > 1:
        size, stride = _run(places)
        if len(places) % size or size == 1:
            return ()
        runs = places.view(-1, size)
        if not torch.equal(runs - runs[:, :1], (stride * torch.arange(size)).expand_as(runs)):
            return ()
        axes, places = ((size, stride), *axes), runs[:, 0]
    return axes or ((1, 1),)


def _leading_axes(places: Tensor) -> tuple[Axis, ...]:
    """Two axes of as many leading places as they describe."""
    size, stride = _run(places)
    runs = places[: len(places) // size * size].view(-1, size)
    regular = (runs - runs[:, :1] == stride * torch.arange(size)).all(1)
    return (_run(runs[: _leading(regular), 0]), (size, stride))


def _run(places: Tensor) -> Axis:
    """How many leading places follow each other at the same distance, and this distance."""
    steps = places.diff()
    if not len(steps) or steps[0] < 1:  # strides go forwards
        return 1, 1
    return 1 + _leading(steps == steps[0]), int(steps[0])


def _leading(true: Tensor) -> int:
    """How many leading entries are true."""
    false = (~true).nonzero()
    return int(false[0]) if len(false) else len(true)


def _length(axes: tuple[Axis, ...]) -> int:
    length = 1
    for size, _ in axes:
        length *= size
    return length
