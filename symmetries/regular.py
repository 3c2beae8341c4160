"""The regular representation of a finite group: it permutes the group's own elements."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from softsym.symmetries.elements import Element, Space, matrix
from softsym.symmetries.group import Group
from softsym.symmetries.representations import Rep

LARGEST = 120
"""Most elements of a group, those of S(5): as many units are one copy of the representation."""
CLOSE = 1e-6


@dataclass(frozen=True, repr=False)
class Regular(Rep):
    """Vectors with a number for each element of a finite group G, which h sends from g to h g.

    It is a representation of every subgroup of G. Its matrices are permutations, and so commute
    with any function that acts on each number alone.

    Args:
        group: The group G.

    Raises:
        ValueError: If the group is not finite, or has more than 120 elements.

    Example:
        >>> from softsym.symmetries import group
        >>> Regular(group("C(4)")).size(2)
        4
    """

    group: Group

    def __post_init__(self) -> None:
        elements = self.group.finite_elements
        if elements is None or len(elements) > LARGEST:
            count = "infinitely or too many" if elements is None else len(elements)
            raise ValueError(
                f"The regular representation needs a finite group of at most {LARGEST} elements, "
                f"such as C(4), D(6) or S(3); {self.group} has {count}."
            )

    def size(self, dim: Space) -> int:
        """The number of elements of G."""
        return len(self._elements)

    def rho(self, g: Element) -> Tensor:
        """Permutation matrices (..., n, n) of elements g (..., d, d) of G or a subgroup.

        Raises:
            ValueError: If g is no element of G.
        """
        h = matrix(g)
        elements = self._elements.to(h)
        if h.shape[-1] != elements.shape[-1]:
            raise ValueError(f"{self} is of matrices of R^{self.group.dim}; got R^{h.shape[-1]}.")
        moved = (h[..., None, :, :] @ elements).flatten(-2)
        # row i, column j: whether h sends element j to element i
        apart = (moved[..., None, :, :] - elements.flatten(1)[:, None, :]).abs().amax(-1)
        permutation = (apart < CLOSE * elements.abs().max()).to(h.dtype)
        if not bool((permutation.sum(-2) == 1).all()):
            raise ValueError(
                f"{self} is a representation of {self.group} and its subgroups; got a matrix that "
                "is none of its elements. Use a candidate group that is a subgroup of it."
            )
        return permutation

    def drho(self, A: Element) -> Tensor:
        """Zero: a finite group has no infinitesimal elements.

        Raises:
            ValueError: If A is not zero.
        """
        if bool(matrix(A).any()):
            raise ValueError(
                f"{self} is a representation of the finite group {self.group}, which has no Lie "
                "algebra. Use a candidate group that is a subgroup of it."
            )
        n = len(self._elements)
        return matrix(A).new_zeros(*matrix(A).shape[:-2], n, n)

    @property
    def _elements(self) -> Tensor:
        return torch.as_tensor(self.group.finite_elements)

    def __repr__(self) -> str:
        return f"Regular({self.group})"
