"""Reflections of one coordinate."""

import torch
from torch import Tensor

from softsym.symmetries.group import Group
from softsym.symmetries.groups.orthogonal import axis_flip


class Reflect(Group):
    """The identity of R^n and the reflection of one coordinate; sampled uniformly.

    Args:
        n: Dimension of the space.
        axis: Coordinate whose sign changes; 0 (x) by default.
    """

    def __init__(self, n: int, axis: int = 0) -> None:
        if not 0 <= axis < n:
            raise ValueError(f"Reflect({n}, axis) needs an axis from 0 to {n - 1}; got {axis}.")
        name = f"Reflect({n})" if axis == 0 else f"Reflect({n}, {axis})"
        super().__init__(n, discrete_generators=axis_flip(n, axis), name=name)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n elements, each the mirror image with probability 1/2, (n, d, d)."""
        mirrored = torch.rand(n, generator=generator) < 0.5
        one = torch.eye(self.dim, dtype=torch.float64)
        return torch.where(mirrored[:, None, None], self.discrete_generators[0], one)
