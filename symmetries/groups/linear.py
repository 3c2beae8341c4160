"""All invertible matrices GL(n), and those of determinant one SL(n)."""

import torch
from torch import Tensor

from symmetries.group import Group, require_dim
from symmetries.groups.orthogonal import axis_flip
from symmetries.pairings import linear_invariants


def matrix_units(n: int) -> Tensor:
    """The n * n matrices with a single one, (n * n, n, n)."""
    return torch.eye(require_dim(n) ** 2, dtype=torch.float64).reshape(n * n, n, n)


class SL(Group):
    """Matrices of R^n with determinant 1; the spread of samples is that of :class:`Group`."""

    def __init__(self, n: int) -> None:
        traceless = [unit for unit in matrix_units(n) if unit.trace() == 0]
        for i in range(n - 1):
            diagonal = torch.zeros(n, n, dtype=torch.float64)
            diagonal[i, i], diagonal[i + 1, i + 1] = 1.0, -1.0
            traceless.append(diagonal)
        super().__init__(n, torch.stack(traceless) if traceless else None)

    def closed_form(self, p: int, q: int) -> Tensor:
        """Vector indices joined with dual ones, the surplus with antisymmetric tensors."""
        return linear_invariants(self.dim, p, q, antisymmetric=True)


class GL(Group):
    """Invertible matrices of R^n, of either orientation; samples spread as in :class:`Group`."""

    def __init__(self, n: int) -> None:
        super().__init__(n, matrix_units(n), axis_flip(n))

    def closed_form(self, p: int, q: int) -> Tensor:
        """Vector indices joined with dual ones."""
        return linear_invariants(self.dim, p, q, antisymmetric=False)
