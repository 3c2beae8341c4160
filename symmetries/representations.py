"""Types of feature vectors: tensors T(p, q), and what is built of them.

A representation is an immutable value that says how the numbers of a feature vector change when a
group element g acts on the base space R^d. It names no group: the same type serves every group.

Over a direct product G x H the matrices act on R^d (x) R^e. A type ``R x S`` (:class:`Outer`) holds
vectors on which G acts as on R and H as on S, flattened with R's numbers outermost: ``T1 x T0`` is
a vector that G alone moves. A type bound to one group (:class:`Bound`), as in ``V(S(5))``, is
refused for any other group; over a direct product it belongs to that factor, so that
``V(S(5)) x V(O(3))`` and ``V(S(5))*V(O(3))`` mean the same.

The file exceeds the cap of 350 lines on purpose: the classes make one another (a sum of products
is a sum, the dual of a dual is the type itself), so that any cut closes a circle of imports.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from softsym.symmetries.axes import apply, apply_derivative
from softsym.symmetries.elements import (
    Element,
    Space,
    algebra_matrix,
    leading,
    matrix,
    space_of,
    unsqueezed,
    whole_dim,
)
from softsym.symmetries.kronecker import block_diagonal, kron_all, leibniz

if TYPE_CHECKING:
    from softsym.symmetries.group import Group


class Rep(ABC):
    """The type of a feature vector.

    A type of your own subclasses this with ``size`` and ``rho``, and is then usable beside all
    others. It must compare by content (as a frozen dataclass does), since bases are remembered.

    Example:
        >>> hidden = 2 * T(0) + 3 * T(1)
        >>> hidden
        2T0 + 3T1
        >>> hidden.size(3)
        11
        >>> T(1) >> T(2) == T(2) * T(1).T
        True
    """

    is_compound: ClassVar[bool] = False
    """Whether its text needs parentheses within another."""

    @abstractmethod
    def size(self, dim: Space) -> int:
        """Number of components over R^dim; ``dim`` is a tuple over a direct product's spaces."""

    @abstractmethod
    def rho(self, g: Element) -> Tensor:
        """Matrices of group elements g (..., d, d) on the feature vector, (..., size, size)."""

    def drho(self, A: Element) -> Tensor:
        """Derivative of :meth:`rho` at the identity along A (..., d, d), (..., size, size).

        By forward-mode differentiation of :meth:`rho`, unless a class knows better.
        """
        A = algebra_matrix(A)
        one = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device).expand_as(A).clone()
        tangent: Tensor = torch.func.jvp(self.rho, (one,), (A,))[1]
        return tangent

    @property
    def T(self) -> Rep:
        """The dual: ``rho`` of it is the inverse transpose of ``rho`` of this."""
        return Dual(self)

    def factors(self, g: Element) -> list[Tensor]:
        """Matrices whose Kronecker product is :meth:`rho`."""
        return [self.rho(matrix(g))]

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """Derivatives of :meth:`factors` at the identity along A."""
        return [self.drho(algebra_matrix(A))]

    def act(self, g: Element, v: Tensor) -> Tensor:
        """rho(g) v for vectors v (..., size), axis by axis: no matrix of that size is built.

        Leading axes of g and v are broadcast.
        """
        return apply(self.factors(g), _broadcast(self, g, v)[..., None])[..., 0]

    def act_derivative(self, A: Element, v: Tensor) -> Tensor:
        """drho(A) v for vectors v (..., size), axis by axis."""
        return apply_derivative(self.derivative_factors(A), _broadcast(self, A, v)[..., None])[
            ..., 0
        ]

    def over(self, G: Group) -> Rep:
        """This type for G, without the names of groups that it may hold.

        Raises:
            ValueError: If it is for another group, or for a direct product that G is not.
        """
        return self

    def __call__(self, G: Group) -> Rep:
        """This type for one group only, or for that factor of a direct product."""
        return Bound(self, G)

    def __matmul__(self, other: Rep) -> Rep:
        """Written ``x`` in text: this over the first space, ``other`` over the second."""
        return outer([self, other])

    def __add__(self, other: Rep) -> Rep:
        if not isinstance(other, Rep):
            return NotImplemented
        return direct_sum([(1, self), (1, other)])

    def __mul__(self, other: Rep | int) -> Rep:
        if isinstance(other, Rep):
            return product([self, other])
        return direct_sum([(_require_count(other), self)])

    def __rmul__(self, count: int) -> Rep:
        return direct_sum([(_require_count(count), self)])

    def __rshift__(self, rep_out: Rep) -> Rep:
        """Linear maps from this to ``rep_out``: W.reshape(-1) of W (size out, size in)."""
        return product([rep_out, self.T])


class Factored(Rep):
    """A type that is given by its factors."""

    @abstractmethod
    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        ...

    @abstractmethod
    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        ...

    def rho(self, g: Element) -> Tensor:  # noqa: D102
        return kron_all(self.factors(g), matrix(g))

    def drho(self, A: Element) -> Tensor:  # noqa: D102
        return leibniz(self.derivative_factors(A), algebra_matrix(A))


@dataclass(frozen=True, repr=False)
class T(Factored):
    """Tensors with p vector and q dual indices, flattened row-major, vector indices first.

    Args:
        p: Number of vector indices, each changing by g.
        q: Number of dual indices, each changing by the inverse transpose of g.
    """

    p: int = 0
    q: int = 0

    def __post_init__(self) -> None:
        for index in (self.p, self.q):
            if isinstance(index, bool) or not isinstance(index, int) or index < 0:
                raise ValueError(
                    f"T(p, q) needs whole numbers p, q >= 0; got T({self.p!r}, {self.q!r})."
                )

    @property
    def rank(self) -> int:
        """Number of indices p + q."""
        return self.p + self.q

    def size(self, dim: Space) -> int:  # noqa: D102
        return int(whole_dim(dim) ** self.rank)

    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        g = matrix(g)
        return [g] * self.p + ([torch.linalg.inv(g).mT] * self.q if self.q else [])

    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        A = algebra_matrix(A)
        return [A] * self.p + [-A.mT] * self.q

    @property
    def T(self) -> Rep:  # noqa: D102
        return Dual(self) if self.p and self.q else T(self.q, self.p)

    def __repr__(self) -> str:
        return f"T({self.p},{self.q})" if self.q else f"T{self.p}"


@dataclass(frozen=True, repr=False)
class Dual(Rep):
    """The inverse transpose of a representation: the same axes, each of the other kind."""

    of: Rep

    def size(self, dim: Space) -> int:  # noqa: D102
        return self.of.size(dim)

    def rho(self, g: Element) -> Tensor:  # noqa: D102
        return torch.linalg.inv(self.of.rho(g)).mT

    def drho(self, A: Element) -> Tensor:  # noqa: D102
        return -self.of.drho(A).mT

    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        return [torch.linalg.inv(factor).mT for factor in self.of.factors(g)]

    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        return [-derivative.mT for derivative in self.of.derivative_factors(A)]

    def over(self, G: Group) -> Rep:  # noqa: D102
        return self.of.over(G).T

    @property
    def T(self) -> Rep:  # noqa: D102
        return self.of

    def __repr__(self) -> str:
        return f"{enclosed(self.of)}.T"


@dataclass(frozen=True, repr=False)
class Sum(Rep):
    """Feature vectors laid end to end; make it with ``+`` and whole multiples.

    Args:
        terms: (count, representation) in order; neighbours differ.
    """

    terms: tuple[tuple[int, Rep], ...]
    is_compound: ClassVar[bool] = True

    def size(self, dim: Space) -> int:  # noqa: D102
        return sum(count * term.size(dim) for count, term in self.terms)

    def rho(self, g: Element) -> Tensor:  # noqa: D102
        like = matrix(g)
        parts = [(count, kron_all(term.factors(g), like)) for count, term in self.terms]
        return block_diagonal(parts, like)

    def drho(self, A: Element) -> Tensor:  # noqa: D102
        like = algebra_matrix(A)
        parts = [(count, leibniz(term.derivative_factors(A), like)) for count, term in self.terms]
        return block_diagonal(parts, like)

    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        return [self.rho(g)]

    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        return [self.drho(A)]

    def act(self, g: Element, v: Tensor) -> Tensor:  # noqa: D102
        return self._by_term(g, v, lambda term, h, copies: term.act(h, copies))

    def act_derivative(self, A: Element, v: Tensor) -> Tensor:  # noqa: D102
        return self._by_term(A, v, lambda term, B, copies: term.act_derivative(B, copies))

    def _by_term(
        self, g: Element, v: Tensor, act: Callable[[Rep, Element, Tensor], Tensor]
    ) -> Tensor:
        """Lets g act on the copies (..., count, size) of each term in turn."""
        v = _broadcast(self, g, v)
        moved, start, g_of_copies = [], 0, unsqueezed(g, 1)
        for count, term in self.terms:
            size = term.size(space_of(g))
            copies = v[..., start : start + count * size].unflatten(-1, (count, size))
            moved.append(act(term, g_of_copies, copies).flatten(-2))
            start += count * size
        return torch.cat(moved, -1) if moved else v

    def over(self, G: Group) -> Rep:  # noqa: D102
        return direct_sum([(count, term.over(G)) for count, term in self.terms])

    @property
    def T(self) -> Rep:  # noqa: D102
        return direct_sum([(count, term.T) for count, term in self.terms])

    def __repr__(self) -> str:
        return (
            " + ".join(
                (str(count) if count > 1 else "") + (enclosed(term) if count > 1 else str(term))
                for count, term in self.terms
            )
            or "0T0"
        )


@dataclass(frozen=True, repr=False)
class Product(Factored):
    """Tensor product, flattened row-major; make it with ``*`` or ``>>``.

    Args:
        parts: At least two representations, none of them a product.
    """

    parts: tuple[Rep, ...]
    is_compound: ClassVar[bool] = True

    def size(self, dim: Space) -> int:  # noqa: D102
        return prod(part.size(dim) for part in self.parts)

    def factors(self, g: Element) -> list[Tensor]:  # noqa: D102
        return [factor for part in self.parts for factor in part.factors(g)]

    def derivative_factors(self, A: Element) -> list[Tensor]:  # noqa: D102
        return [factor for part in self.parts for factor in part.derivative_factors(A)]

    def over(self, G: Group) -> Rep:  # noqa: D102
        return product([part.over(G) for part in self.parts])

    @property
    def T(self) -> Rep:  # noqa: D102
        return product([part.T for part in self.parts])

    def __repr__(self) -> str:
        return "*".join(map(enclosed, self.parts))


Scalar = T(0)
Vector = T(1)


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


def direct_sum(terms: list[tuple[int, Rep]]) -> Rep:
    """The sum of counted representations in its normal form: flat, equal neighbours merged."""
    merged: list[tuple[int, Rep]] = []
    for count, term in terms:
        nested = list(term.terms) if isinstance(term, Sum) else [(1, term)]
        whole = [(count * nested[0][0], nested[0][1])] if len(nested) == 1 else nested * count
        for n, part in whole:
            if merged and merged[-1][1] == part:
                merged[-1] = (merged[-1][0] + n, part)
            elif n:
                merged.append((n, part))
    return merged[0][1] if len(merged) == 1 and merged[0][0] == 1 else Sum(tuple(merged))


def product(factors: list[Rep]) -> Rep:
    """The tensor product in its normal form: T(p, q) of neighbours whose indices are in order."""
    merged: list[Rep] = []
    for factor in factors:
        for part in factor.parts if isinstance(factor, Product) else (factor,):
            last = merged[-1] if merged else None
            if isinstance(part, T) and isinstance(last, T) and (last.q == 0 or part.p == 0):
                merged[-1] = T(last.p + part.p, last.q + part.q)
            elif part == Scalar and last is not None:
                continue
            elif last == Scalar:
                merged[-1] = part
            else:
                merged.append(part)
    return merged[0] if len(merged) == 1 else Product(tuple(merged))


def outer(parts: Sequence[Rep]) -> Rep:
    """The tensor product over different spaces in its normal form: flat."""
    flat: list[Rep] = []
    for part in parts:
        flat += part.parts if isinstance(part, Outer) else [part]
    return Outer(tuple(flat))


def enclosed(part: Rep) -> str:
    """Its text, in parentheses where something is to be put before or behind it."""
    return f"({part})" if part.is_compound else str(part)


def _broadcast(R: Rep, g: Element, v: Tensor) -> Tensor:
    """Vectors (..., size of R) with the leading axes of g and its own, and the finer dtype of both.

    Raises:
        ValueError: If v has another size.
    """
    size = R.size(space_of(g))
    if v.shape[-1] != size:
        raise ValueError(
            f"{R} has {size} numbers over R^{whole_dim(space_of(g))}; got {v.shape[-1]}."
        )
    part = g[0] if isinstance(g, tuple) else g
    v = v.to(torch.promote_types(part.dtype, v.dtype))
    lead = torch.broadcast_shapes(leading(g), v.shape[:-1])
    return v.expand(*lead, v.shape[-1])


def _require_count(count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ValueError(
            f"A multiple of a representation must be a whole number of 0 or more; got {count!r}."
        )
    return count
