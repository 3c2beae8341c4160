"""Unitary groups in real form."""

import torch
from torch import Tensor

from softsym.symmetries.group import Group, randn, require_dim
from softsym.symmetries.groups.linear import matrix_units


class U(Group):
    """Unitary n x n matrices X + iY, on R^(2n) as [[X, -Y], [Y, X]]; sampled by Haar measure.

    The first n coordinates are real parts, the last n imaginary parts, so that multiplication by
    i is the matrix [[0, -1], [1, 0]] of n x n blocks.
    """

    algebra_needs_no_check = True

    def __init__(self, n: int) -> None:
        super().__init__(2 * require_dim(n), _anti_hermitian(n, trace=True), name=f"U({n})")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n Haar-distributed elements, (n, d, d)."""
        return _of_complex(_haar(n, self.dim // 2, generator))


class SU(Group):
    """Unitary matrices of determinant one, in the real form of :class:`U`; sampled likewise."""

    algebra_needs_no_check = True

    def __init__(self, n: int) -> None:
        super().__init__(2 * require_dim(n), _anti_hermitian(n, trace=False), name=f"SU({n})")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n Haar-distributed elements, (n, d, d)."""
        unitary = _haar(n, self.dim // 2, generator)
        # one column turned back by the determinant keeps the measure and makes it one
        unitary[..., 0] = unitary[..., 0] / torch.linalg.det(unitary)[:, None]
        return _of_complex(unitary)


def _haar(n: int, size: int, generator: torch.Generator | None) -> Tensor:
    """Unitary matrices (n, size, size): QR of complex normal ones, with the phases of R."""
    normal = torch.complex(*randn(2, n, size, size, generator=generator))
    q, r = torch.linalg.qr(normal)
    phases = torch.sgn(r.diagonal(dim1=-2, dim2=-1))
    return q * phases[:, None, :]


def _of_complex(unitary: Tensor) -> Tensor:
    top = torch.cat([unitary.real, -unitary.imag], -1)
    return torch.cat([top, torch.cat([unitary.imag, unitary.real], -1)], -2)


def _anti_hermitian(n: int, trace: bool) -> Tensor:
    """Basis of the matrices X + iY, X antisymmetric and Y symmetric, in real form."""
    units, zero = matrix_units(n), torch.zeros(n, n, dtype=torch.float64)
    found = []
    for i in range(n):
        for j in range(i):
            forward, back = units[i * n + j], units[j * n + i]
            found += [_real_form(forward - back, zero), _real_form(zero, forward + back)]
    phases = [units[i * n + i] for i in range(n)]
    if not trace:
        phases = [phases[i] - phases[i + 1] for i in range(n - 1)]
    found += [_real_form(zero, phase) for phase in phases]
    return torch.stack(found) if found else torch.zeros(0, 2 * n, 2 * n, dtype=torch.float64)


def _real_form(x: Tensor, y: Tensor) -> Tensor:
    return torch.cat([torch.cat([x, -y], 1), torch.cat([y, x], 1)], 0)
