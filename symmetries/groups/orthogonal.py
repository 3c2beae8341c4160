"""Rotations SO(n), and rotations with reflections O(n)."""

from itertools import combinations

import torch
from torch import Tensor

from softsym.symmetries.group import Group, randn, require_dim
from softsym.symmetries.limits import require_memory
from softsym.symmetries.pairings import form_invariants


def rotation_algebra(n: int) -> Tensor:
    """One antisymmetric generator for each plane of R^n, (n (n - 1) / 2, n, n)."""
    numbers = n * n * (n - 1) * require_dim(n) // 2
    require_memory(numbers, f"The algebra of SO({n})", "Use a smaller n.")
    planes = list(combinations(range(n), 2))
    algebra = torch.zeros(len(planes), n, n, dtype=torch.float64)
    for k, (i, j) in enumerate(planes):
        algebra[k, i, j], algebra[k, j, i] = -1.0, 1.0
    return algebra


def axis_flip(n: int, axis: int = 0) -> Tensor:
    """Diagonal matrix (n, n) that changes the sign of one coordinate."""
    flip = torch.eye(require_dim(n, 2), dtype=torch.float64)
    flip[axis, axis] = -1.0
    return flip


class O(Group, closed=True):  # noqa: E742 (the group's name)
    """All orthogonal matrices of R^n; sampled from the Haar measure."""

    def __init__(self, n: int) -> None:
        super().__init__(n, rotation_algebra(n), axis_flip(n))

    def closed_form(self, p: int, q: int) -> Tensor:
        """All ways to pair up the indices, orthonormalised."""
        return form_invariants(torch.eye(self.dim, dtype=torch.float64), p, q)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n Haar-distributed elements, (n, d, d): QR of normal matrices with R's signs."""
        q, r = torch.linalg.qr(randn(n, self.dim, self.dim, generator=generator))
        return q * torch.sign(r.diagonal(dim1=-2, dim2=-1))[:, None, :]


class SO(Group, closed=True):
    """Rotations of R^n; sampled from the Haar measure."""

    def __init__(self, n: int) -> None:
        super().__init__(n, rotation_algebra(n))

    def closed_form(self, p: int, q: int) -> Tensor:
        """Pairings of the indices, and pairings beside one totally antisymmetric tensor."""
        return form_invariants(torch.eye(self.dim, dtype=torch.float64), p, q, True)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n Haar-distributed rotations, (n, d, d)."""
        elements = O(self.dim).sample(n, generator)
        # a fixed flip maps the half of O(n) with determinant -1 onto SO(n), and keeps the measure
        improper = torch.linalg.det(elements) < 0
        elements[improper] = elements[improper] @ axis_flip(self.dim)
        return elements
