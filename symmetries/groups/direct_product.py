"""The direct product of groups, on the tensor product of their spaces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

import torch
from torch import Tensor

from softsym.symmetries.blocks import factors_first
from softsym.symmetries.elements import Element, algebra_matrix, matrix
from softsym.symmetries.group import Group, enclosed, require_groups
from softsym.symmetries.limits import require_memory
from softsym.symmetries.representations import T
from softsym.symmetries.solver import kron_of_bases, tensor_basis


class DirectProduct(Group, closed=True):  # commutators are those of the factors, which were checked
    """Pairs (g, h) of elements of two groups, or more, acting on R^d (x) R^e as g (x) h.

    Its types are T(p, q) of the whole space, and those that say what each group moves, such as
    ``V(S(5)) x T0`` (:class:`softsym.symmetries.representations.Outer`). Each factor is sampled on
    its own.

    Args:
        groups: At least two groups; direct products among them count as their factors.

    Raises:
        ValueError: If fewer than two groups are given.

    Example:
        >>> from softsym.symmetries import equivariant_basis, group
        >>> G = group("S(5)xO(3)")
        >>> G.dim
        15
        >>> equivariant_basis(G, "V(S(5)) x V(O(3)) >> V(S(5)) x V(O(3))").shape
        torch.Size([225, 2])
    """

    def __init__(self, *groups: Group) -> None:
        require_groups("DirectProduct", groups)
        if len(groups) < 2:
            raise ValueError(f"A direct product needs at least two groups; got {list(groups)}.")
        self._factors = tuple(factor for group in groups for factor in group.factors)
        dim = prod(group.dim for group in self._factors)
        name = reduce(_joined_names, (enclosed(str(factor)) for factor in self._factors))
        if all(factor.permutations is not None for factor in self._factors):
            # no matrices: S(60)xZ(60) acts on R^3600, where each would take 100 MB
            super().__init__(dim, name=name, permutations=self._permutations())
            return
        count = sum(len(G.lie_algebra) + len(G.discrete_generators) for G in self._factors)
        require_memory(
            2 * count * dim**2,
            f"The {count} generators of a direct product on R^{dim}",
            "Use types of each factor alone, with that factor as the group.",
        )
        algebra = [algebra_matrix(A) for A in self.algebra_elements]
        super().__init__(dim, algebra, [matrix(h) for h in self.discrete_elements], name)

    @property
    def factors(self) -> tuple[Group, ...]:
        """The groups, one for each space."""
        return self._factors

    @property
    def algebra_elements(self) -> Sequence[Element]:
        """The infinitesimal generators of each factor, with zero for the other factors."""
        pairs = [(i, A) for i, factor in enumerate(self._factors) for A in factor.lie_algebra]
        return [self._alone(i, A, 0.0) for i, A in pairs]

    @property
    def discrete_elements(self) -> Sequence[Element]:
        """The discrete generators of each factor, with the identity for the other factors."""
        pairs = [(i, h) for i, H in enumerate(self._factors) for h in H.discrete_generators]
        return [self._alone(i, h, 1.0) for i, h in pairs]

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n elements of the whole space, (n, d, d)."""
        return matrix(self.sample_elements(n, generator))

    def sample_elements(self, n: int, generator: torch.Generator | None = None) -> Element:
        """Draws n elements, one stack of matrices (n, d, d) for each factor."""
        return tuple(factor.sample(n, generator) for factor in self._factors)

    def closed_form(self, p: int, q: int) -> Tensor:
        """Products of the factors' invariants, reordered from factor by factor to row-major."""
        product = kron_of_bases([tensor_basis(factor, T(p, q)) for factor in self._factors])
        whole = torch.empty_like(product)
        whole[factors_first(p + q, tuple(factor.dim for factor in self._factors))] = product
        return whole

    def _permutations(self) -> Tensor:
        """Each generator of each factor as a permutation of tuples of coordinates, (m, d)."""
        dims = [factor.dim for factor in self._factors]
        tuples = torch.arange(prod(dims)).reshape(dims)
        moves = [
            tuples.index_select(i, permutation).reshape(-1)
            for i, factor in enumerate(self._factors)
            for permutation in (() if factor.permutations is None else factor.permutations)
        ]
        return torch.stack(moves)

    def _alone(self, place: int, element: Tensor, rest: float) -> tuple[Tensor, ...]:
        """An element of one factor, with ``rest`` times the identity for the others."""
        return tuple(
            element if i == place else rest * torch.eye(factor.dim, dtype=torch.float64)
            for i, factor in enumerate(self._factors)
        )


def _joined_names(left: str, right: str) -> str:
    """``GxH``, with spaces where the x would run into the name before it."""
    return f"{left}x{right}" if left.endswith(")") else f"{left} x {right}"
