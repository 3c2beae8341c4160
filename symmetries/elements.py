"""Elements of groups and of Lie algebras: one matrix, or one for each factor of a product."""

from __future__ import annotations

from functools import reduce
from math import prod

import torch
from torch import Tensor

from softsym.symmetries.kronecker import kron, leibniz

Space = int | tuple[int, ...]
"""Dimension of the base space, or of each factor where it is a tensor product of spaces."""

Element = Tensor | tuple[Tensor, ...]
"""Matrices (..., d, d) on the base space, or one such stack for each factor of a direct product."""
# the Kronecker product does not determine its factors: (-g) (x) h = g (x) (-h)


def whole_dim(space: Space) -> int:
    """Dimension of the whole base space."""
    return prod(space) if isinstance(space, tuple) else space


def space_of(g: Element) -> Space:
    """The space on which an element acts."""
    return tuple(part.shape[-1] for part in g) if isinstance(g, tuple) else g.shape[-1]


def matrix(g: Element) -> Tensor:
    """The element as a matrix of the whole space, (..., d, d): the Kronecker product of parts."""
    return reduce(kron, g) if isinstance(g, tuple) else g


def algebra_matrix(A: Element) -> Tensor:
    """The element of the Lie algebra as a matrix of the whole space, (..., d, d)."""
    return leibniz(list(A), A[0]) if isinstance(A, tuple) else A


def unsqueeze(g: Element, axes: int) -> Element:
    """Adds ``axes`` leading axes of length one, after the existing leading axes."""
    at = (..., *[None] * axes, slice(None), slice(None))
    return tuple(part[at] for part in g) if isinstance(g, tuple) else g[at]


def inverse(g: Element) -> Element:
    """The inverse of an element."""
    return tuple(map(torch.linalg.inv, g)) if isinstance(g, tuple) else torch.linalg.inv(g)


def select(g: Element, rows: Tensor) -> Element:
    """Some of a stack of elements (n, d, d), by their rows."""
    return tuple(part[rows] for part in g) if isinstance(g, tuple) else g[rows]


def with_identity(g: Element, n: int) -> Element:
    """A stack of elements (m, d, d) after n times the identity, (n + m, d, d)."""
    if isinstance(g, tuple):
        return tuple(torch.as_tensor(with_identity(part, n)) for part in g)
    return torch.cat([torch.eye(g.shape[-1], dtype=g.dtype).expand(n, -1, -1), g])


def to(g: Element, device: torch.device) -> Element:
    """Moves the element to a device."""
    return tuple(part.to(device) for part in g) if isinstance(g, tuple) else g.to(device)
