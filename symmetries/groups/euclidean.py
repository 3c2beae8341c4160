"""Motions of R^n in homogeneous coordinates, d = n + 1: a point is (x, 1), a direction (v, 0)."""

import torch
from torch import Tensor

from symmetries.group import Group, require_dim
from symmetries.groups.orthogonal import SO, rotation_algebra


class Translation(Group):
    """Shifts of R^n; sampled with N(0, 1/4) for each coordinate."""

    def __init__(self, n: int) -> None:
        super().__init__(require_dim(n) + 1, _shifts(n), name=f"Translation({n})")


class Rotation(Group):
    """Rotations of R^n about the origin; sampled from the Haar measure."""

    def __init__(self, n: int) -> None:
        super().__init__(require_dim(n) + 1, _rotations(n), name=f"Rotation({n})")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n rotations, (n, d, d)."""
        elements = torch.eye(self.dim, dtype=torch.float64).repeat(n, 1, 1)
        elements[:, :-1, :-1] = SO(self.dim - 1).sample(n, generator)
        return elements


class SE(Group):
    """Rotations and shifts of R^n; sampled as a rotation and then a shift."""

    def __init__(self, n: int) -> None:
        algebra = torch.cat([_rotations(require_dim(n)), _shifts(n)])
        super().__init__(n + 1, algebra, name=f"SE({n})")

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n motions, (n, d, d)."""
        turned = Rotation(self.dim - 1).sample(n, generator)
        return Translation(self.dim - 1).sample(n, generator) @ turned


def _shifts(n: int) -> Tensor:
    shifts = torch.zeros(n, n + 1, n + 1, dtype=torch.float64)
    shifts[torch.arange(n), torch.arange(n), -1] = 1.0
    return shifts


def _rotations(n: int) -> Tensor:
    inner = rotation_algebra(n)
    rotations = torch.zeros(len(inner), n + 1, n + 1, dtype=torch.float64)
    rotations[:, :n, :n] = inner
    return rotations
