"""One random group element for each sample, chosen by the sample's own numbers.

Samples keep their elements however they are ordered, cut into batches and shared by processes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from softsym.symmetries.elements import Element, select, to
from softsym.symmetries.group import Group
from softsym.symmetries.orbit_moves import Mover, nearby
from softsym.symmetries.representations import Rep, Scalar

POOL = 4096
"""Elements among which samples choose: enough that a mean over them is one over the group."""
IDENTITY = 1e-9
"""Distance from the identity below which an element moves nothing."""
MIXERS = (30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)
"""Shifts and odd factors of splitmix64 (Steele, Lea and Flood 2014), as signed numbers."""


class OwnElements:
    """Draws an element other than the identity for each sample.

    Elements of a compact group are uniform. Those of any other group bring a sample to where
    another one is on its orbit, if its orbits have normal positions on the reference
    (:mod:`softsym.symmetries.orbit_moves`), and are near the identity if not. A sample whose own
    orbit has no normal position stays where it is.

    Args:
        G: The group.
        reference: Samples (n, size) to whose places on the orbit others may be moved, and their
            type over the group; None where there are none.
        seed: Seed of the elements.

    Raises:
        ValueError: If the group has no element but the identity.
    """

    def __init__(
        self, G: Group, reference: tuple[Rep, Tensor] | None = None, seed: int = 0
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        if reference is None:
            self._by, pool = Mover(G, Scalar, Scalar), None
        else:
            R, x = reference
            x = x[content_keys(x).argsort()].double()  # in any order, the same pool
            self._by, pool = nearby(G, R, R, x), None
            if self._by.frame is not None:
                frames, found = self._by.frame(x)
                pool = frames[found]
        places = self._by.places(pool, generator, POOL)
        self._places = select(places, _moving(places).nonzero()[:, 0])
        self._count = len(self._places[0] if isinstance(self._places, tuple) else self._places)
        if not self._count:
            raise ValueError(f"{G} has no element that moves anything.")

    def __call__(self, x: Tensor) -> Element:
        """The elements of samples x (n, size): (n, d, d) float64, on their device."""
        chosen = select(self._places, content_keys(x).remainder(self._count).cpu())
        if self._by.frame is None:
            return to(chosen, x.device)
        frames, found = self._by.frame(x.double().cpu())
        g = torch.as_tensor(chosen) @ torch.linalg.inv(frames)
        one = torch.eye(g.shape[-1], dtype=g.dtype)
        return torch.where(found[:, None, None], g, one).to(x.device)


def content_keys(x: Tensor) -> Tensor:
    """Numbers of samples x (n, size) that their content alone decides, (n,) int64, well mixed."""
    bits = (x.double() + 0.0).view(torch.int64)  # adding zero turns -0.0 into 0.0
    odd = torch.randint(2**62, (x.shape[1],), generator=torch.Generator().manual_seed(0)) * 2 + 1
    keys = ((bits ^ _shifted(bits, 32)) * odd.to(x.device)).sum(1)
    for shift, factor in MIXERS:
        keys = (keys ^ _shifted(keys, shift)) * factor
    return keys ^ _shifted(keys, 31)


def shares(keys: Tensor) -> Tensor:
    """Keys (n,) as numbers that are uniform in [0, 1), from other digits than remainders take."""
    return _shifted(keys, 11).double() / 2.0**53


def _shifted(bits: Tensor, by: int) -> Tensor:
    """Shifts to the right, zeros coming in from the left."""
    return (bits >> by) & ((1 << (64 - by)) - 1)


def _moving(g: Element) -> Tensor:
    """Which of a stack of elements (n, d, d) are not the identity, (n,) bool."""
    parts = g if isinstance(g, tuple) else (g,)
    away = [(h - torch.eye(h.shape[-1], dtype=h.dtype)).abs().amax((1, 2)) for h in parts]
    return torch.stack(away).amax(0) > IDENTITY
