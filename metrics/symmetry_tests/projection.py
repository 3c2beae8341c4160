"""Q, the projection of a function onto the equivariant ones in L2 of the law of the inputs.

Along the orbit of x every equivariant function h is h(g x) = rho_out(g) h(x), so that Qf is a
least-squares mean over the orbit,

    (Qf)(x) = E[rho_out(g)^T rho_out(g)]^-1 E[rho_out(g)^T f(g x)],

which is the plain mean of rho_out(g)^-1 f(g x) where rho_out is orthogonal.
:mod:`softsym.symmetries.orbit_moves` draws g.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Element, inverse
from softsym.symmetries.orbit_moves import Mover, acts_orthogonally

Function = Callable[[Tensor], Tensor]


def project_function(
    f: Function,
    x: Tensor,
    by: Mover,
    draws: int,
    generator: torch.Generator,
    pool: Tensor | None = None,
) -> Tensor:
    """Computes a Monte Carlo estimate of (Qf)(x), (n, size out).

    Args:
        f: The function, (n, size in) to (n, size out).
        x: Inputs (n, size in), float64.
        by: How inputs are moved.
        draws: Number of elements per input; ignored where every element is used.
        generator: Source of the elements.
        pool: Frames of the inputs to whose positions others may be moved.
    """
    frames = by.frames(x)
    sums = _OrbitMean(by.rep_out, by.group)
    for k in range(len(by.elements) if by.elements is not None else draws):
        if by.elements is not None:
            g: Element = by.elements[k].expand(len(x), -1, -1)
        else:
            g = by.draw(frames, pool, generator, len(x))
        sums.add(g, f(by.rep_in.act(g, x)))
    return sums.mean()


class _OrbitMean:
    """The least-squares mean over the orbit, summed element by element."""

    def __init__(self, R: Rep, G: Group) -> None:
        self.rep = R
        self.is_orthogonal = acts_orthogonally(R, G)
        self.total: Tensor | float = 0.0
        self.weight: Tensor | float = 0.0

    def add(self, g: Element, y: Tensor) -> None:
        """Adds values y (n, size) at inputs that g (n, d, d) moved."""
        if self.is_orthogonal:
            self.total = self.total + self.rep.act(inverse(g), y)
            self.weight = self.weight + 1
            return
        rho = self.rep.rho(g)
        self.total = self.total + torch.einsum("nab,na->nb", rho, y)
        self.weight = self.weight + rho.mT @ rho

    def mean(self) -> Tensor:
        """The mean, (n, size)."""
        total, weight = torch.as_tensor(self.total), torch.as_tensor(self.weight)
        if self.is_orthogonal:
            return total / weight
        return torch.linalg.solve(weight, total[..., None])[..., 0]
