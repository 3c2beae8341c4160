"""The symplectic group Sp(m) of phase space R^(2m)."""

import torch

from softsym.symmetries.group import Group, require_dim
from softsym.symmetries.groups.linear import matrix_units
from softsym.symmetries.pairings import form_invariants


class Sp(Group):
    """Matrices that keep the form [[0, 1], [-1, 0]] of m positions, then m momenta.

    The algebra is [[A, B], [C, -A^T]] with B and C symmetric.
    """

    algebra_needs_no_check = True

    def __init__(self, m: int) -> None:
        require_dim(m)
        units = matrix_units(m)
        zero = torch.zeros(m, m, dtype=torch.float64)
        symmetric = [units[i * m + j] + units[j * m + i] for i in range(m) for j in range(i, m)]
        algebra = [_blocks(A, zero, zero, -A.T) for A in units]
        algebra += [_blocks(zero, B, zero, zero) for B in symmetric]
        algebra += [_blocks(zero, zero, C, zero) for C in symmetric]
        super().__init__(2 * m, torch.stack(algebra), name=f"Sp({m})")
        one = torch.eye(m, dtype=torch.float64)
        self.form = _blocks(zero, one, -one, zero)

    def closed_form(self, p: int, q: int) -> torch.Tensor:
        """Pairings by the form."""
        return form_invariants(self.form, p, q)


def _blocks(a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    return torch.cat([torch.cat([a, b], 1), torch.cat([c, d], 1)], 0)
