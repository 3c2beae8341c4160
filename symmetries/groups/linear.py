"""All invertible matrices GL(n), and those of determinant one SL(n)."""

import torch
from torch import Tensor

from softsym.symmetries.group import Group, require_dim
from softsym.symmetries.groups.orthogonal import axis_flip
from softsym.symmetries.limits import require_memory
from softsym.symmetries.pairings import form_invariants, levi_civita, linear_invariants


def matrix_units(n: int) -> Tensor:
    """The n * n matrices with a single entry of one, (n * n, n, n)."""
    require_memory(2 * require_dim(n) ** 4, f"The units of {n} x {n} matrices", "Use a smaller n.")
    return torch.eye(n**2, dtype=torch.float64).reshape(n * n, n, n)


class SL(Group, closed=True):
    """Matrices of R^n with determinant 1; sampled as :class:`Group` samples."""

    def __init__(self, n: int) -> None:
        units = matrix_units(n)
        traceless = [unit for unit in units if unit.trace() == 0]
        traceless += [units[i * n + i] - units[(i + 1) * (n + 1)] for i in range(n - 1)]
        super().__init__(n, traceless)

    def closed_form(self, p: int, q: int) -> Tensor:
        """Vector indices joined with dual ones, surplus indices by antisymmetric tensors."""
        if self.dim == 2:  # SL(2) is Sp(1), whose pairings are the smaller spanning set
            return form_invariants(levi_civita(2), p, q)
        return linear_invariants(self.dim, p, q, antisymmetric=True)


class GL(Group, closed=True):
    """Invertible matrices of R^n, of either orientation; sampled as :class:`Group` samples."""

    def __init__(self, n: int) -> None:
        super().__init__(n, matrix_units(n), axis_flip(n))

    def closed_form(self, p: int, q: int) -> Tensor:
        """Vector indices joined with dual ones."""
        return linear_invariants(self.dim, p, q, antisymmetric=False)
