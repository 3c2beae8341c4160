"""Types over a tensor product of spaces, and types that are for one group only.

Of a direct product G x H the matrices act on R^d (x) R^e. A type ``R x S`` holds vectors on which
G acts as on R and H as on S, flattened with R's numbers outermost: ``T1 x T0`` are vectors that G
alone moves. A type bound to a group, as ``V(S(5))``, is refused for any other; over a direct
product it is that factor's, so that ``V(S(5)) x V(O(3))`` and ``V(S(5))*V(O(3))`` are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from softsym.symmetries.elements import Element, Space, matrix
from softsym.symmetries.representations import Factored, Rep, Scalar, enclosed

if TYPE_CHECKING:
    from softsym.symmetries.group import Group


@dataclass(frozen=True, repr=False)
class Outer(Factored):
    """A tensor product of types over different spaces; make it with ``@``, in text ``x``.

    Args:
        parts: One representation for each factor of the direct product.
    """

    parts: tuple[Rep, ...]
    is_compound: ClassVar[bool] = True

    def size(self, dim: Space) -> int:  # noqa: D102
        dims = self._dims(dim)
        return prod(part.size(d) for part, d in zip(self.parts, dims, strict=True))

    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        of = zip(self.parts, self._elements(g), strict=True)
        return [factor for part, element in of for factor in part.factors(element)]

    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        of = zip(self.parts, self._elements(A), strict=True)
        return [factor for part, element in of for factor in part.derivative_factors(element)]

    def over(self, G: Group) -> Rep:  # noqa: D102
        groups = G.factors
        if len(groups) != len(self.parts):
            raise ValueError(
                f"{self} is for a direct product of {len(self.parts)} groups, written as "
                f"'S(5)xO(3)'; {G} is {f'one of {len(groups)}' if len(groups) > 1 else 'none'}."
            )
        return outer([part.over(H) for part, H in zip(self.parts, groups, strict=True)])

    @property
    def T(self) -> Rep:  # noqa: D102
        return outer([part.T for part in self.parts])

    def _dims(self, dim: Space) -> Sequence[int]:
        if isinstance(dim, tuple) and len(dim) == len(self.parts):
            return dim
        # scalars have one size over any space
        dims = [
            part.group.dim if isinstance(part, Bound) else 1
            for part in self.parts
            if isinstance(part, Bound) or part == Scalar
        ]
        if len(dims) != len(self.parts) or isinstance(dim, tuple):
            raise ValueError(
                f"{self} needs the dimension of each of its {len(self.parts)} spaces, as in "
                f"size((5, 3)), or their groups, as in 'V(S(5)) x V(O(3))'; got {dim!r}."
            )
        return dims

    def _elements(self, g: Element) -> tuple[Tensor, ...]:
        if not isinstance(g, tuple) or len(g) != len(self.parts):
            raise ValueError(
                f"{self} needs an element of each of its {len(self.parts)} groups, as "
                "Group.sample_elements draws them: a matrix of the whole space does not say what "
                "each group did."
            )
        return g

    def __repr__(self) -> str:
        return " x ".join(map(enclosed, self.parts))


@dataclass(frozen=True, repr=False)
class Bound(Rep):
    """A type for one group only, or for that factor of a direct product; make it with ``R(G)``.

    Args:
        of: The type.
        group: The group that it is for.

    Example:
        >>> from softsym.symmetries import O, S, V
        >>> V(S(5)) @ V(O(3))
        T1(S(5)) x T1(O(3))
    """

    of: Rep
    group: Group

    def __post_init__(self) -> None:
        if not isinstance(getattr(self.group, "factors", None), tuple):
            raise ValueError(
                f"A type is for a Group, as in V(S(5)); got {self.group!r}. Read one from its name "
                "with group('S(5)')."
            )

    def size(self, dim: Space | None = None) -> int:  # noqa: D102
        return self.of.size(self.group.space)

    def rho(self, g: Element) -> Tensor:  # noqa: D102
        return self.of.rho(self._require_dim(g))

    def drho(self, A: Element) -> Tensor:  # noqa: D102
        return self.of.drho(self._require_dim(A))

    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        return self.of.factors(self._require_dim(g))

    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        return self.of.derivative_factors(self._require_dim(A))

    def over(self, G: Group) -> Rep:  # noqa: D102
        if self.group == G:
            return self.of.over(G)
        places = [i for i, factor in enumerate(G.factors) if factor == self.group]
        if len(places) != 1:
            found = f"is {len(places)} times a factor of" if places else "is not"
            raise ValueError(
                f"{self} is a representation of {self.group}, which {found} {G}. Use it with "
                f"{self.group}, with a direct product in which that stands once, or say its place, "
                "as in 'V(O(3)) x T0' for the first factor."
            )
        parts = [self.of.over(f) if i in places else Scalar for i, f in enumerate(G.factors)]
        return outer(parts)

    @property
    def T(self) -> Rep:  # noqa: D102
        return Bound(self.of.T, self.group)

    def _require_dim(self, g: Element) -> Element:
        if matrix(g).shape[-1] != self.group.dim:
            raise ValueError(
                f"{self} is a representation of {self.group}, whose elements are matrices of "
                f"R^{self.group.dim}; got one of R^{matrix(g).shape[-1]}."
            )
        return g

    def __repr__(self) -> str:
        return f"{enclosed(self.of)}({self.group})"


def outer(parts: Sequence[Rep]) -> Rep:
    """The tensor product over different spaces in its normal form: flat."""
    flat: list[Rep] = []
    for part in parts:
        flat += part.parts if isinstance(part, Outer) else [part]
    return Outer(tuple(flat))
