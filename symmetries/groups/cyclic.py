"""Finite groups of the plane: turns C(k), and turns with flips D(k)."""

import math

import torch
from torch import Tensor

from softsym.symmetries.group import Group
from softsym.symmetries.groups.orthogonal import axis_flip


def rotation(angle: Tensor) -> Tensor:
    """Rotations of the plane by angles (...) in radians, (..., 2, 2)."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    return torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)


def _turn(k: int, family: str) -> Tensor:
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ValueError(f"{family}(k) needs a whole number k >= 1 of turns; got {k!r}.")
    # cos(pi / 2) is 6e-17: rounded to zero, quarter turns are exact
    turn = rotation(torch.tensor(2 * math.pi / k, dtype=torch.float64))
    return torch.where(turn.abs() < 1e-15, 0.0, turn)


class C(Group):
    """Turns of the plane by multiples of 2 pi / k; sampled uniformly."""

    def __init__(self, k: int) -> None:
        super().__init__(2, discrete_generators=_turn(k, "C"), name=f"C({k})")
        self.order = k

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n of the k elements uniformly, (n, 2, 2)."""
        turns = torch.randint(self.order, (n,), generator=generator).double()
        return rotation(2 * math.pi / self.order * turns)


class D(Group):
    """Symmetries of the regular k-gon: the turns of C(k) and flips of x; sampled uniformly."""

    def __init__(self, k: int) -> None:
        super().__init__(2, None, [_turn(k, "D"), axis_flip(2)], name=f"D({k})")
        self.order = k

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n of the 2 k elements uniformly, (n, 2, 2)."""
        turns = C(self.order).sample(n, generator)
        flipped = torch.rand(n, generator=generator) < 0.5
        return torch.where(flipped[:, None, None], turns @ axis_flip(2), turns)
