"""Q, the projection of a function onto the equivariant ones in L2 of the law of the inputs.

Along the orbit of x every equivariant function h is h(g x) = rho_out(g) h(x), so that Qf is a
least-squares mean over the orbit,

    (Qf)(x) = E[rho_out(g)^T rho_out(g)]^-1 E[rho_out(g)^T f(g x)],

which is the plain mean of rho_out(g)^-1 f(g x) where rho_out is orthogonal.
:mod:`softsym.symmetries.orbit_moves` draws g. Where the law of the inputs is not that of moved
inputs, the expectations are those under the law of the inputs given the orbit. The elements of a
small finite group count by the density of inputs at the moved input; others are chosen with these
odds among many that are drawn (Rubin 1987, sampling importance resampling). The input itself is one
of the many: which of them it is can then not be told from the set of them but by these odds, so
that under symmetry <m - h, f - Qf> has mean 0 for any number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from softsym.metrics.symmetry_tests.likeness import Density
from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Element, inverse, select, with_identity
from softsym.symmetries.orbit_moves import Mover, acts_orthogonally

Function = Callable[[Tensor], Tensor]

CANDIDATES = 64
"""Elements for each input from which those are chosen that bring it to where inputs are."""


def project_function(
    f: Function,
    x: Tensor,
    by: Mover,
    draws: int,
    generator: torch.Generator,
    pool: Tensor | None = None,
    density: Density | None = None,
) -> Tensor:
    """Computes a Monte Carlo estimate of (Qf)(x), (n, size out).

    Args:
        f: The function, (n, size in) to (n, size out).
        x: Inputs (n, size in), float64.
        by: How inputs are moved.
        draws: Number of elements per input; ignored where every element is used.
        generator: Source of the elements.
        pool: Frames of the inputs to whose positions others may be moved.
        density: Log-density of inputs along their orbits, by which moved inputs count; by default
            they all count the same.
    """
    sums = _OrbitMean(by.rep_out, by.group)
    for g, weight in _elements(x, by, draws, generator, pool, density):
        sums.add(g, f(by.rep_in.act(g, x)), weight)
    return sums.mean()


def _elements(
    x: Tensor,
    by: Mover,
    draws: int,
    generator: torch.Generator,
    pool: Tensor | None,
    density: Density | None,
) -> Iterator[tuple[Element, Tensor | None]]:
    """One element for each input (n, d, d) at a time, with their weights (n, 1) if they differ."""
    n, frames = len(x), by.frames(x)
    if by.elements is not None:
        all_of_them = [one.expand(n, -1, -1) for one in by.elements]
        if density is None:
            yield from ((g, None) for g in all_of_them)
        else:
            places = torch.stack([density(by.rep_in.act(g, x)) for g in all_of_them])
            yield from zip(all_of_them, places.softmax(0)[..., None], strict=True)
    elif density is None:
        for _ in range(draws):
            yield by.draw(frames, pool, generator, n), None
    else:
        of_all = None if frames is None else frames.repeat(CANDIDATES, 1, 1)
        many = with_identity(by.draw(of_all, pool, generator, CANDIDATES * n), n)
        places = density(by.rep_in.act(many, x.repeat(1 + CANDIDATES, 1)))
        odds = places.view(1 + CANDIDATES, n).T.softmax(1)
        for chosen in torch.multinomial(odds, draws, True, generator=generator).T:
            yield select(many, chosen * n + torch.arange(n)), None


class _OrbitMean:
    """The least-squares mean over the orbit, summed element by element."""

    def __init__(self, R: Rep, G: Group) -> None:
        self.rep = R
        self.is_orthogonal = acts_orthogonally(R, G)
        self.total: Tensor | float = 0.0
        self.weight: Tensor | float = 0.0

    def add(self, g: Element, y: Tensor, weight: Tensor | None = None) -> None:
        """Adds values y (n, size) at inputs that g (n, d, d) moved, with weights (n, 1)."""
        one = 1.0 if weight is None else weight
        if self.is_orthogonal:
            self.total = self.total + one * self.rep.act(inverse(g), y)
            self.weight = self.weight + one
            return
        rho = self.rep.rho(g)
        self.total = self.total + one * torch.einsum("nab,na->nb", rho, y)
        self.weight = self.weight + (one if weight is None else weight[..., None]) * rho.mT @ rho

    def mean(self) -> Tensor:
        """The mean, (n, size)."""
        total, weight = torch.as_tensor(self.total), torch.as_tensor(self.weight)
        if self.is_orthogonal:
            return total / weight
        return torch.linalg.solve(weight, total[..., None])[..., 0]
