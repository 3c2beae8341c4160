"""Q, the projection of a function onto the equivariant ones in L2 of the law of the inputs.

Along the orbit of x every equivariant function h is h(g x) = rho_out(g) h(x), so that Qf is a
least-squares mean over the orbit,

    (Qf)(x) = E[rho_out(g)^T rho_out(g)]^-1 E[rho_out(g)^T f(g x)],

which is the plain mean of rho_out(g)^-1 f(g x) where rho_out is orthogonal.
:mod:`softsym.symmetries.orbit_moves` draws g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Element, unsqueeze
from softsym.symmetries.haar import uniform_elements
from softsym.symmetries.moving_frame import MovingFrame

Function = Callable[[Tensor], Tensor]
SMALL = 32
"""Largest finite group whose elements are all used."""
NUMBERS = 2**22
"""Numbers that one step may hold in float64: 32 MiB."""


@dataclass(frozen=True)
class Mover:
    """Draws the elements by which inputs are moved along their orbits.

    Attributes:
        group: The group.
        rep_in: Type of the inputs, over the group.
        rep_out: Type of the targets, over the group.
        elements: All elements (l, d, d) of a small finite group; None if elements are drawn.
        frame: The moving frame of a group that is not compact; None otherwise.
    """

    group: Group
    rep_in: Rep
    rep_out: Rep
    elements: Tensor | None = None
    frame: MovingFrame | None = None

    @property
    def is_exact(self) -> bool:
        """Whether every element is used, so that no chance is involved."""
        return self.elements is not None

    def draw(
        self, frames: Tensor | None, pool: Tensor | None, generator: torch.Generator, n: int
    ) -> Element:
        """Draws one element for each of n inputs.

        Args:
            frames: Frames of the inputs (n, d, d), where the group has a moving frame.
            pool: Frames (m, d, d) of the inputs to whose positions they may be moved.
            generator: Source of randomness.
            n: Number of inputs.
        """
        if self.frame is None:
            return uniform_elements(self.group, n, generator)
        if frames is None or pool is None:
            raise ValueError(f"Inputs are moved under {self.group} by their frames; got none.")
        kept = torch.as_tensor(uniform_elements(self.frame.stabilizer, n, generator))
        positions = pool[torch.randint(len(pool), (n,), generator=generator)]
        return positions @ kept @ torch.linalg.inv(frames)

    def frames(self, x: Tensor) -> Tensor | None:
        """Frames of inputs (n, size), (n, d, d); None for groups that need none."""
        return None if self.frame is None else self.frame(x)[0]


def mover(G: Group, rep_in: Rep, rep_out: Rep, x: Tensor) -> Mover:
    """Chooses how inputs are moved under G, from the group and a sample of inputs x (n, size).

    Raises:
        NoFrameError: If the group is not compact and has no moving frame on the inputs.
    """
    types = rep_in.over(G), rep_out.over(G)
    finite = G.finite_elements if len(G.factors) == 1 else None
    if finite is not None and len(finite) <= SMALL:
        return Mover(G, *types, elements=finite)
    if G.is_compact or all(factor.is_compact for factor in G.factors):
        return Mover(G, *types)
    frame = MovingFrame(G, rep_in)
    frame.require_for(x[:200])
    return Mover(G, *types, frame=frame)


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


def inverse(g: Element) -> Element:
    """The inverse of an element."""
    return tuple(torch.linalg.inv(p) for p in g) if isinstance(g, tuple) else torch.linalg.inv(g)


def acts_orthogonally(R: Rep, G: Group) -> bool:
    """Whether elements of the group keep the lengths of vectors of a type."""
    g = unsqueeze(G.sample_elements(4, torch.Generator().manual_seed(0)), 0)
    v = torch.randn(4, R.size(G.space), generator=torch.Generator().manual_seed(1)).double()
    return bool(torch.allclose(R.act(g, v).norm(dim=1), v.norm(dim=1), rtol=1e-9))
