"""Unitary groups in real form."""

import torch
from torch import Tensor

from softsym.symmetries.group import Group, randn, require_dim
from softsym.symmetries.groups.linear import matrix_units
from softsym.symmetries.kronecker import block_matrix


class U(Group, closed=True):
    """Unitary n x n matrices X + iY, on R^(2n) as [[X, -Y], [Y, X]]; sampled by Haar measure.

    The first n coordinates are real parts, the last n imaginary parts, so that multiplication by
    i is the matrix [[0, -1], [1, 0]] of n x n blocks.
    """

    def __init__(self, n: int) -> None:
        super().__init__(2 * require_dim(n), _anti_hermitian(n, trace=True), name=f"U({n})")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n Haar-distributed elements, (n, d, d)."""
        unitary = _haar(n, self.dim // 2, generator)
        return _real_form(unitary.real, unitary.imag)


class SU(Group, closed=True):
    """Unitary matrices of determinant one, in the real form of :class:`U`; sampled likewise."""

    def __init__(self, n: int) -> None:
        super().__init__(2 * require_dim(n), _anti_hermitian(n, trace=False), name=f"SU({n})")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n Haar-distributed elements, (n, d, d)."""
        unitary = _haar(n, self.dim // 2, generator)
        # one column divided by the determinant makes it one, and the measure stays invariant
        unitary[..., 0] = unitary[..., 0] / torch.linalg.det(unitary)[:, None]
        return _real_form(unitary.real, unitary.imag)


def _haar(n: int, size: int, generator: torch.Generator | None) -> Tensor:
    """Unitary matrices (n, size, size): QR of complex normal ones, with the phases of R.

    QR alone is not Haar-distributed: LAPACK's choice of phases depends on the matrix (Mezzadri
    2007, Notices of the AMS 54, 592-604).
    """
    normal = torch.complex(*randn(2, n, size, size, generator=generator))
    q, r = torch.linalg.qr(normal)
    phases = torch.sgn(r.diagonal(dim1=-2, dim2=-1))
    return q * phases[:, None, :]


def _anti_hermitian(n: int, trace: bool) -> list[Tensor]:
    """Basis of the matrices X + iY, X antisymmetric and Y symmetric, in real form."""
    units, zero = matrix_units(n), torch.zeros(n, n, dtype=torch.float64)
    basis = []
    for i in range(n):
        for j in range(i):
            forward, back = units[i * n + j], units[j * n + i]
            basis += [_real_form(forward - back, zero), _real_form(zero, forward + back)]
    phases = [units[i * n + i] for i in range(n)]
    if not trace:
        phases = [phases[i] - phases[i + 1] for i in range(n - 1)]
    basis += [_real_form(zero, phase) for phase in phases]
    return basis


def _real_form(x: Tensor, y: Tensor) -> Tensor:
    return block_matrix(x, -y, y, x)
