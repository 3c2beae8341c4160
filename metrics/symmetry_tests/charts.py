"""Coordinates in which the kernels see inputs: as they are, or as directions and lengths.

A predictor is sharper where its kernel knows the make of an input. Physical targets are often
simple in directions and lengths, and sums over objects, such as particles, or over pairs of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from softsym.metrics.type_checks import terms
from softsym.symmetries import Rep
from softsym.symmetries.elements import Space

MOST_OBJECTS = 32
"""Above it, kernels that compare object by object take too long."""
SHORTEST = 0.01
"""Length, in units of the root mean square, below which a vector has no direction."""


@dataclass(frozen=True)
class Layout:
    """Where the numbers of an input belong.

    Attributes:
        copies: Columns of each copy of a tensor, in order.
        objects: For each object, which copies it has; none if the input is not made of objects.
    """

    copies: tuple[slice, ...]
    objects: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def of(cls, R: Rep, space: Space) -> Layout:
        """Reads the layout of a type.

        There are as many objects as the most numerous term has copies. Each has one copy of
        every such term, and shares the rest with all: ``5T0 + 5T1 + T1`` are five objects.
        """
        listed = [(columns, count) for _, columns, count in terms(R, space)]
        most = max(count for _, count in listed)
        copies: list[slice] = []
        objects: list[list[int]] = [[] for _ in range(most)]
        for columns, count in listed:
            size = (columns.stop - columns.start) // count
            for i in range(count):
                for one in objects[i : i + 1] if count == most else objects:
                    one.append(len(copies))
                start = columns.start + i * size
                copies.append(slice(start, start + size))
        if not 1 < most <= MOST_OBJECTS:
            objects = []
        return cls(tuple(copies), tuple(map(tuple, objects)))

    @classmethod
    def plain(cls, size: int) -> Layout:
        """The layout of a number of scalars that nothing is known of."""
        return cls(tuple(slice(i, i + 1) for i in range(size)))

    @property
    def has_directions(self) -> bool:
        """Whether any tensor has more than one number."""
        return any(copy.stop - copy.start > 1 for copy in self.copies)


@dataclass(frozen=True)
class Chart:
    """Standardised coordinates of inputs; call it on rows (n, size in) for (n, coordinates).

    Attributes:
        layout: The layout of the inputs.
        is_polar: Whether tensors are given as direction and logarithm of the length.
        center: Means of the coordinates of the training inputs.
        scale: Their standard deviations; infinite for what is constant.
    """

    layout: Layout
    is_polar: bool
    center: Tensor
    scale: Tensor

    @classmethod
    def of(cls, x: Tensor, layout: Layout, is_polar: bool) -> Chart:
        """Standardises the coordinates of training inputs x (n, size in)."""
        return cls(layout, is_polar, *center_and_scale(_polar(x, layout) if is_polar else x))

    def __call__(self, x: Tensor) -> Tensor:
        """Coordinates of rows x (n, size in)."""
        return ((_polar(x, self.layout) if self.is_polar else x) - self.center) / self.scale

    @property
    def objects(self) -> tuple[Tensor, ...]:
        """For each object, its coordinates that vary."""
        widths = [
            c.stop - c.start + (self.is_polar and c.stop - c.start > 1) for c in self.layout.copies
        ]
        columns = torch.arange(sum(widths)).split(widths)
        joined = (torch.cat([columns[copy] for copy in one]) for one in self.layout.objects)
        varying = (one[self.scale[one].isfinite()] for one in joined)
        return tuple(one for one in varying if len(one))


def center_and_scale(x: Tensor) -> tuple[Tensor, Tensor]:
    """Means and standard deviations of columns x (n, size); infinity for what is constant."""
    center, scale = x.mean(0), x.std(0)
    # what is constant but for rounding carries nothing, and must not be blown up
    return center, torch.where(scale > 1e-9 * (center.abs() + scale), scale, torch.inf)


def _polar(x: Tensor, layout: Layout) -> Tensor:
    """Direction and logarithm of the length of each tensor; scalars as they are."""
    parts = []
    for copy in layout.copies:
        v = x[:, copy]
        if v.shape[1] > 1:
            length = (v.square().sum(1, keepdim=True) + SHORTEST**2).sqrt()
            parts += [v / length, length.log()]
        else:
            parts.append(v)
    return torch.cat(parts, 1)
