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


class DirectProduct(Group):
    """Pairs (g, h) of elements of two groups, or more, acting on R^d (x) R^e as g (x) h.

    Types over it are T(p, q) of the whole space, and those that say what each group moves, such
    as ``V(S(5)) x T0`` (see :class:`softsym.symmetries.representations.Outer`). Sampled as its factors are.

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

    algebra_needs_no_check = True  # no more than those of the factors, which were checked

    def __init__(self, *groups: Group) -> None:
        require_groups("DirectProduct", groups)
        if len(groups) < 2:
            raise ValueError(f"A direct product is of at least two groups; got {list(groups)}.")
        self._factors = tuple(factor for group in groups for factor in group.factors)
        dim = prod(group.dim for group in self._factors)
        name = reduce(_joined, (enclosed(str(factor)) for factor in self._factors))
        if all(factor.permutations is not None for factor in self._factors):
            super().__init__(dim, name=name, permutations=self._permutations())
            return
        generators = sum(
            len(group.lie_algebra) + len(group.discrete_generators) for group in self._factors
        )
        require_memory(
            2 * generators * dim**2,
            f"The {generators} generators of a direct product on R^{dim}",
            "Use types of each factor alone, with that factor as the group.",
        )
        algebra = [algebra_matrix(A) for A in self.algebra_elements]
        discrete = [matrix(h) for h in self.discrete_elements]
        super().__init__(
            dim,
            torch.stack(algebra) if algebra else None,
            torch.stack(discrete) if discrete else None,
            name,
        )

    @property
    def factors(self) -> tuple[Group, ...]:
        """The groups, one for each space."""
        return self._factors

    @property
    def algebra_elements(self) -> Sequence[Element]:
        """The infinitesimal generators of each factor, the others at rest."""
        return [
            self._alone(i, A, 0.0)
            for i, factor in enumerate(self._factors)
            for A in factor.lie_algebra
        ]

    @property
    def discrete_elements(self) -> Sequence[Element]:
        """The discrete generators of each factor, beside the identity of the others."""
        return [
            self._alone(i, h, 1.0)
            for i, factor in enumerate(self._factors)
            for h in factor.discrete_generators
        ]

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draws n elements of the whole space, (n, d, d)."""
        return matrix(self.sample_elements(n, generator))

    def sample_elements(self, n: int, generator: torch.Generator | None = None) -> Element:
        """Draws n elements, one matrix (n, d, d) for each factor."""
        return tuple(factor.sample(n, generator) for factor in self._factors)

    def closed_form(self, p: int, q: int) -> Tensor:
        """Products of the factors' invariants, their indices brought side by side."""
        bases = [tensor_basis(factor, T(p, q)) for factor in self._factors]
        product = kron_of_bases(bases)
        whole = torch.empty_like(product)
        whole[factors_first(p + q, tuple(factor.dim for factor in self._factors))] = product
        return whole

    def _permutations(self) -> Tensor:
        """Each generator of each factor on the tuples of coordinates, (m, d)."""
        dims = [factor.dim for factor in self._factors]
        tuples = torch.arange(prod(dims)).reshape(dims)
        return torch.stack(
            [
                tuples.index_select(i, permutation).reshape(-1)
                for i, factor in enumerate(self._factors)
                for permutation in (() if factor.permutations is None else factor.permutations)
            ]
        )

    def _alone(self, place: int, of_factor: Tensor, rest: float) -> tuple[Tensor, ...]:
        """An element of one factor, with ``rest`` times the identity of the others."""
        return tuple(
            of_factor if i == place else rest * torch.eye(factor.dim, dtype=torch.float64)
            for i, factor in enumerate(self._factors)
        )


def _joined(left: str, right: str) -> str:
    """``GxH``, with spaces where the x would run into the name before it."""
    return f"{left}x{right}" if left.endswith(")") else f"{left} x {right}"
