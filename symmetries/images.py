"""Images as vectors of pixels, on which a group of the plane acts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from softsym.symmetries.elements import Element, Space, inverse, matrix, unsqueeze
from softsym.symmetries.numbers import require_whole
from softsym.symmetries.representations import Rep

ON_A_PIXEL = 1e-6
"""Distance from the centre of a pixel, in pixels, that is rounding."""


@dataclass(frozen=True, repr=False)
class Image(Rep):
    r"""One channel of an image, flattened row by row: (g v)(p) = v(g^-1 p) at each pixel p.

    The group acts on the first two axes of its space, about the centre of the image: x along a row
    to the right, y upwards. Turns and flips of a square image by C(4), D(4) and their like move
    pixels to pixels, exactly. Other elements, such as those of SO(2) and Scaling(2), interpolate
    between four pixels, with 0 outside of the image; then this is a representation only nearly, and
    :func:`round_trip_error` says how nearly. Channels of a type R are ``R*Image(h, w)``, in
    tensors (n, channels, h, w).

    Args:
        height: Number of rows.
        width: Number of columns.

    Raises:
        ValueError: If a number is below 1.

    Example:
        >>> from softsym.symmetries import group
        >>> quarter = group("C(4)").discrete_generators[0]
        >>> Image(2, 2).act(quarter, torch.tensor([1.0, 2.0, 3.0, 4.0])).tolist()
        [2.0, 4.0, 1.0, 3.0]
    """

    height: int
    width: int
    acts_without_matrix: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_whole("height", self.height)
        require_whole("width", self.width)

    def size(self, dim: Space) -> int:
        """The number of pixels."""
        return self.height * self.width

    def act(self, g: Element, v: Tensor) -> Tensor:
        """Moves images (..., pixels) by elements (..., d, d), whose leading axes are broadcast."""
        h = matrix(g)
        dtype = torch.promote_types(h.dtype, v.dtype)
        lead = torch.broadcast_shapes(h.shape[:-2], v.shape[:-1])
        v = v.to(dtype).expand(*lead, self.size(h.shape[-1]))
        rows, columns = self._sources(h)
        moved = torch.zeros_like(v)
        for row, of_row in _neighbours(rows):
            for column, of_column in _neighbours(columns):
                inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
                weight = (of_row * of_column * inside).to(dtype)
                if weight.any():
                    place = row.clamp(0, self.height - 1) * self.width
                    place = (place + column.clamp(0, self.width - 1)).long().expand(v.shape)
                    moved = moved + weight * v.gather(-1, place)
        return moved

    def rho(self, g: Element) -> Tensor:
        """Matrices (..., pixels, pixels): large, and seldom needed."""
        one = torch.eye(self.size(0), dtype=matrix(g).dtype, device=matrix(g).device)
        return self.act(unsqueeze(g, 1), one).mT

    def drho(self, A: Element) -> Tensor:
        """Raises a ValueError unless A is zero: pixels do not move by infinitesimal amounts."""
        if bool(matrix(A).any()):
            raise ValueError(
                f"{self} has no derivative along a Lie algebra, as pixels are interpolated. Use "
                "FunctionRegularizer (kind 'function') or equivariance_error."
            )
        n = self.size(0)
        return matrix(A).new_zeros(*matrix(A).shape[:-2], n, n)

    def _sources(self, g: Tensor) -> tuple[Tensor, Tensor]:
        """Row and column (..., pixels) from which each pixel is taken."""
        if g.shape[-1] < 2 or bool(g[..., :2, 2:].any() or g[..., 2:, :2].any()):
            raise ValueError(
                f"{self} is for groups that keep the plane of the first two axes, such as C(4), "
                f"O(2)@xy or Scaling(2); got an element of R^{g.shape[-1]} that does not."
            )
        back = torch.linalg.inv(g[..., :2, :2])
        middle = (self.height - 1) / 2, (self.width - 1) / 2
        row = torch.arange(self.height, dtype=g.dtype, device=g.device)
        column = torch.arange(self.width, dtype=g.dtype, device=g.device)
        y, x = torch.meshgrid(middle[0] - row, column - middle[1], indexing="ij")
        sources = torch.stack([x.flatten(), y.flatten()], -1) @ back.mT
        return _settled(middle[0] - sources[..., 1]), _settled(middle[1] + sources[..., 0])

    def __repr__(self) -> str:
        return f"Image({self.height},{self.width})"


def round_trip_error(R: Rep, g: Element, v: Tensor) -> float:
    """How far vectors (n, size) come out of being moved by g (n, d, d) and back, relative to them.

    0 but for rounding where elements act exactly; the error of interpolation for images.
    """
    again = R.act(inverse(g), R.act(g, v.double()))
    return float((again - v).norm() / v.double().norm().clamp_min(torch.finfo(v.dtype).tiny))


def _settled(places: Tensor) -> Tensor:
    nearest = places.round()
    return torch.where((places - nearest).abs() < ON_A_PIXEL, nearest, places)


def _neighbours(places: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The two pixels about each place along an axis, and their weights."""
    low = places.floor()
    return (low, 1 - (places - low)), (low + 1, places - low)
