"""Groups of space-time: the Lorentz group of R^(1+3) and its parts, and those of R^(1+1).

The first coordinate is time. All of them keep the form diag(-1, 1, 1, 1), or diag(-1, 1).
"""

import torch
from torch import Tensor

from softsym.symmetries.group import Group
from softsym.symmetries.groups.orthogonal import axis_flip, rotation_algebra
from softsym.symmetries.pairings import form_invariants


def boost_algebra(n: int) -> Tensor:
    """One symmetric generator for each direction of space in R^(1 + n), (n, 1 + n, 1 + n)."""
    boosts = torch.zeros(n, n + 1, n + 1, dtype=torch.float64)
    for i in range(n):
        boosts[i, 0, i + 1] = boosts[i, i + 1, 0] = 1.0
    return boosts


def lorentz_algebra() -> Tensor:
    """Three boosts, then three rotations of space, (6, 4, 4)."""
    rotations = torch.zeros(3, 4, 4, dtype=torch.float64)
    rotations[:, 1:, 1:] = rotation_algebra(3)
    return torch.cat([boost_algebra(3), rotations])


class Parity(Group):
    """Mirrors space and keeps time: the identity and diag(1, -1, -1, -1) of R^4."""

    def __init__(self) -> None:
        super().__init__(4, discrete_generators=-axis_flip(4), name="Parity")


class TimeReversal(Group):
    """Mirrors time and keeps space: the identity and diag(-1, 1, 1, 1) of R^4."""

    def __init__(self) -> None:
        super().__init__(4, discrete_generators=axis_flip(4), name="TimeReversal")


class SO13p(Group):
    """Boosts and rotations: the part of the Lorentz group connected to the identity."""

    def __init__(self) -> None:
        super().__init__(4, lorentz_algebra(), name="SO13p")

    def closed_form(self, p: int, q: int) -> Tensor:
        """Pairings by the metric, also beside one totally antisymmetric tensor."""
        return form_invariants(axis_flip(4), p, q, antisymmetric=True)


class SO13(Group):
    """Lorentz transformations of determinant one: SO13p and the reversal of all four axes."""

    def __init__(self) -> None:
        super().__init__(4, lorentz_algebra(), -torch.eye(4), name="SO13")

    def closed_form(self, p: int, q: int) -> Tensor:
        """Pairings by the metric, also beside one totally antisymmetric tensor."""
        return form_invariants(axis_flip(4), p, q, antisymmetric=True)


class O13(Group):
    """The whole Lorentz group, with parity and time reversal."""

    def __init__(self) -> None:
        super().__init__(4, lorentz_algebra(), [-axis_flip(4), axis_flip(4)], name="O13")

    def closed_form(self, p: int, q: int) -> Tensor:
        """Pairings by the metric."""
        return form_invariants(axis_flip(4), p, q)


class Lorentz(O13):
    """Another name of :class:`O13`."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "Lorentz"


class SO11p(Group):
    """Boosts of R^(1+1), connected to the identity."""

    def __init__(self) -> None:
        super().__init__(2, boost_algebra(1), name="SO11p")


class O11(Group):
    """Boosts of R^(1+1) with both mirror images."""

    def __init__(self) -> None:
        super().__init__(2, boost_algebra(1), [-axis_flip(2), axis_flip(2)], name="O11")
