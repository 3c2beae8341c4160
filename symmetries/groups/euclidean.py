"""Motions of R^n in homogeneous coordinates, d = n + 1: a point is (x, 1), a direction (v, 0)."""

import torch
from torch import Tensor

from softsym.symmetries.group import Group, require_dim
from softsym.symmetries.groups.embed import Embed
from softsym.symmetries.groups.orthogonal import SO
from softsym.symmetries.representations import T
from softsym.symmetries.solver import tensor_basis


class Translation(Group):
    """Shifts of R^n; sampled with N(0, 1/4) for each coordinate."""

    def __init__(self, n: int) -> None:
        super().__init__(require_dim(n) + 1, _shifts(n), name=f"Translation({n})")


class Rotation(Embed):
    """Rotations of R^n about the origin; sampled from the Haar measure."""

    def __init__(self, n: int) -> None:
        super().__init__(SO(n), n + 1, range(n))
        self.name = f"Rotation({n})"


class SE(Group):
    """Rotations and shifts of R^n; sampled as a rotation followed by a shift."""

    def __init__(self, n: int) -> None:
        algebra = torch.cat([Rotation(n).lie_algebra, _shifts(n)])
        super().__init__(n + 1, algebra, name=f"SE({n})")

    def search_space(self, p: int, q: int) -> Tensor:
        """The invariants of the rotations, few of which the shifts keep too."""
        return tensor_basis(Rotation(self.dim - 1), T(p, q))

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n motions, (n, d, d)."""
        turned = Rotation(self.dim - 1).sample(n, generator)
        return Translation(self.dim - 1).sample(n, generator) @ turned


def _shifts(n: int) -> Tensor:
    require_dim(n + 1, 2 * require_dim(n))
    shifts = torch.zeros(n, n + 1, n + 1, dtype=torch.float64)
    shifts[torch.arange(n), torch.arange(n), -1] = 1.0
    return shifts
