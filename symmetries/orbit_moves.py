"""Moves vectors along their orbits, so that moved ones are where others are.

How elements are drawn depends on the group:

* a finite group of at most 32 elements: each element once, or at random;
* a compact group: from the Haar measure;
* any other group: the *orbit swap* g = p_j k p_i^-1, with p the moving frames of x and of another
  vector x_j and k from the compact subgroup that keeps normal positions. It moves x to where x_j is
  on its orbit, so that no moved vector is farther from the data than the data reach;
* a group without frames, such as scalings of an image, where :func:`nearby` is asked for: the
  exponential of a combination of its generators with coefficients N(0, 1/4).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from softsym.symmetries.elements import Element, unsqueeze
from softsym.symmetries.group import Group
from softsym.symmetries.haar import uniform_elements
from softsym.symmetries.moving_frame import MovingFrame
from softsym.symmetries.representations import Rep

SMALL = 32
"""Largest finite group whose elements are all used."""


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

    @property
    def is_compact(self) -> bool:
        """Whether elements may be drawn from the Haar measure."""
        return self.group.is_compact or all(factor.is_compact for factor in self.group.factors)

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
        places = self.places(pool, generator, n)
        if self.frame is None:
            return places
        if frames is None:
            raise ValueError(f"Inputs are moved under {self.group} by their frames; got none.")
        return torch.as_tensor(places) @ torch.linalg.inv(frames)

    def places(self, pool: Tensor | None, generator: torch.Generator, n: int) -> Element:
        """Draws n elements that move an input in normal position to where others are.

        Without a moving frame every position is a normal one.

        Args:
            pool: Frames (m, d, d) of the inputs to whose positions inputs may be moved.
            generator: Source of randomness.
            n: Number of elements.
        """
        if self.frame is None and self.is_compact:
            return uniform_elements(self.group, n, generator)
        if self.frame is None:
            return self.group.sample_elements(n, generator)
        if pool is None:
            raise ValueError(f"Inputs are moved under {self.group} by their frames; got none.")
        kept = torch.as_tensor(uniform_elements(self.frame.stabilizer, n, generator))
        return pool[torch.randint(len(pool), (n,), generator=generator)] @ kept

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
    plain = Mover(G, *types)
    if plain.is_compact:
        return plain
    frame = MovingFrame(G, rep_in)
    frame.require_for(x[:200])
    return Mover(G, *types, frame=frame)


def nearby(G: Group, rep_in: Rep, rep_out: Rep, x: Tensor) -> Mover:
    """:func:`mover`, or elements near the identity where the group has no moving frame."""
    try:
        return mover(G, rep_in, rep_out, x)
    except ValueError:
        unframed = Mover(G, rep_in, rep_out)
        if unframed.is_compact:
            raise
        return unframed


def acts_orthogonally(R: Rep, G: Group) -> bool:
    """Whether elements of the group keep the lengths of vectors of a type."""
    g = unsqueeze(G.sample_elements(4, torch.Generator().manual_seed(0)), 0)
    v = torch.randn(4, R.size(G.space), generator=torch.Generator().manual_seed(1)).double()
    return bool(torch.allclose(R.act(g, v).norm(dim=1), v.norm(dim=1), rtol=1e-9))
