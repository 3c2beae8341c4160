"""The symplectic group Sp(m) of phase space R^(2m)."""

import torch
from torch import Tensor

from softsym.symmetries.group import Group, require_dim
from softsym.symmetries.groups.linear import matrix_units
from softsym.symmetries.kronecker import block_matrix
from softsym.symmetries.pairings import form_invariants


class Sp(Group, closed=True):
    """Matrices that keep the form [[0, 1], [-1, 0]] of m positions, then m momenta.

    The algebra is [[A, B], [C, -A^T]] with B and C symmetric.
    """

    def __init__(self, m: int) -> None:
        units = matrix_units(require_dim(m))
        one, zero = torch.eye(m, dtype=torch.float64), torch.zeros(m, m, dtype=torch.float64)
        symmetric = [units[i * m + j] + units[j * m + i] for i in range(m) for j in range(i, m)]
        algebra = [block_matrix(A, zero, zero, -A.T) for A in units]
        algebra += [block_matrix(zero, B, zero, zero) for B in symmetric]
        algebra += [block_matrix(zero, zero, C, zero) for C in symmetric]
        super().__init__(2 * m, algebra, name=f"Sp({m})")
        self.form = block_matrix(zero, one, -one, zero)

    def closed_form(self, p: int, q: int) -> Tensor:
        """Pairings by the form."""
        return form_invariants(self.form, p, q)
