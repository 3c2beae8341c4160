"""Elements of groups and of their algebras: one matrix, or one for each factor of a product."""

from __future__ import annotations

from functools import reduce
from math import prod

import torch
from torch import Tensor

from softsym.symmetries.kronecker import kron, leibniz

Space = int | tuple[int, ...]
"""Dimension of the base space; that of each factor where it is a tensor product of spaces."""

Element = Tensor | tuple[Tensor, ...]
"""Matrices (..., d, d) of the base space, or those of each factor of a direct product."""


def whole_dim(space: Space) -> int:
    """Dimension of the whole base space."""
    return prod(space) if isinstance(space, tuple) else space


def space_of(g: Element) -> Space:
    """The space on which an element acts."""
    return tuple(part.shape[-1] for part in g) if isinstance(g, tuple) else g.shape[-1]


def leading(g: Element) -> torch.Size:
    """The shape of a batch of elements."""
    parts = g if isinstance(g, tuple) else (g,)
    return torch.broadcast_shapes(*(part.shape[:-2] for part in parts))


def matrix(g: Element) -> Tensor:
    """The element of the whole space, (..., d, d): the Kronecker product of its parts."""
    return reduce(kron, g) if isinstance(g, tuple) else g


def algebra_matrix(A: Element) -> Tensor:
    """The element of the algebra of the whole space, (..., d, d)."""
    return leibniz(list(A), A[0]) if isinstance(A, tuple) else A


def unsqueezed(g: Element, axes: int) -> Element:
    """The same elements with further leading axes of length one behind the leading ones."""
    if isinstance(g, tuple):
        return tuple(_unsqueezed(part, axes) for part in g)
    return _unsqueezed(g, axes)


def to(g: Element, device: torch.device) -> Element:
    """The element on a device."""
    return tuple(part.to(device) for part in g) if isinstance(g, tuple) else g.to(device)


def _unsqueezed(part: Tensor, axes: int) -> Tensor:
    return part[(..., *[None] * axes, slice(None), slice(None))]
