"""Types of feature vectors: tensors T(p, q), and the types made of them.

A representation is an immutable value that says how the numbers of a feature vector change when an
element g of any group acts on the base space R^d.

Over a direct product G x H the matrices act on R^d (x) R^e. A type ``R x S`` (:class:`Outer`) holds
vectors on which G acts as on R and H as on S, flattened with R's numbers outermost: ``T1 x T0`` is
a vector that G alone moves. A type bound to one group (:class:`Bound`), as in ``V(S(5))``, is
refused for any other group; over a direct product it belongs to that factor, so that
``V(S(5)) x V(O(3))`` and ``V(S(5))*V(O(3))`` mean the same.

The file exceeds the cap of 350 lines on purpose: the classes make one another (any two types make
a product, a bound type over a direct product is an outer one), and a cut would close a circle of
imports.
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
    matrix,
    space_of,
    unsqueeze,
    whole_dim,
)
from softsym.symmetries.kronecker import block_diagonal, kron_all, leibniz

if TYPE_CHECKING:
    from softsym.symmetries.group import Group


MOST_INDICES = 1000
"""Any tensor with more has more numbers than atoms exist; computing how many takes forever."""

MOST_TERMS = 10**6
"""Terms that a sum may list one by one; copies of one term are counted, not listed."""


class Rep(ABC):
    """The type of a feature vector.

    A type of your own subclasses this with ``size`` and ``rho``, and can then be combined with all
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
    acts_without_matrix: ClassVar[bool] = False
    """Whether :meth:`act` is cheaper than any of the type's matrices, as for images."""

    @abstractmethod
    def size(self, dim: Space) -> int:
        """Number of components over R^dim; ``dim`` is a tuple over a direct product's spaces."""

    @abstractmethod
    def rho(self, g: Element) -> Tensor:
        """Matrices of group elements g (..., d, d) on the feature vector, (..., size, size)."""

    def drho(self, A: Element) -> Tensor:
        """Derivative of :meth:`rho` at the identity along A (..., d, d), (..., size, size).

        Here: by forward-mode differentiation of :meth:`rho`.
        """
        A = algebra_matrix(A)
        one = torch.eye(A.shape[-1], dtype=A.dtype, device=A.device).expand_as(A).clone()
        tangent: Tensor = torch.func.jvp(self.rho, (one,), (A,))[1]
        return tangent

    @property
    def T(self) -> Rep:
        """The dual type, whose ``rho`` is the inverse transpose of this ``rho``."""
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
        columns = _broadcast(self, A, v)[..., None]
        return apply_derivative(self.derivative_factors(A), columns)[..., 0]

    def over(self, G: Group) -> Rep:
        """This type for G, with names of groups replaced by the factors of G that they name.

        Raises:
            ValueError: If the type is for another group, or for a direct product and G is none.
        """
        return self

    def __call__(self, G: Group) -> Rep:
        """This type for one group only, or for that factor of a direct product."""
        return Bound(self, G)

    def __matmul__(self, other: Rep) -> Rep:
        """This type over the first space and ``other`` over the second; in text ``x``."""
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
    """A type that is defined by its factors, from which ``rho`` and ``drho`` follow."""

    @abstractmethod
    def factors(self, g: Element) -> list[Tensor]:
        """Matrices whose Kronecker product is :meth:`rho`."""

    @abstractmethod
    def derivative_factors(self, A: Element) -> list[Tensor]:
        """Derivatives of :meth:`factors` at the identity along A."""

    def rho(self, g: Element) -> Tensor:
        """The Kronecker product of the factors."""
        return kron_all(self.factors(g), matrix(g))

    def drho(self, A: Element) -> Tensor:
        """The derivative of the Kronecker product, by the rule of Leibniz."""
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
        if self.p + self.q > MOST_INDICES:
            raise ValueError(f"T(p, q) has at most {MOST_INDICES} indices; got {self.p + self.q}.")

    @property
    def rank(self) -> int:
        """Number of indices p + q."""
        return self.p + self.q

    def size(self, dim: Space) -> int:
        """d^(p + q) numbers, d the dimension of the whole space."""
        return int(whole_dim(dim) ** self.rank)

    def factors(self, g: Element) -> list[Tensor]:
        """The matrix g for each vector index, its inverse transpose for each dual one."""
        g = matrix(g)
        return [g] * self.p + ([torch.linalg.inv(g).mT] * self.q if self.q else [])

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """A for each vector index, -A^T for each dual one."""
        A = algebra_matrix(A)
        return [A] * self.p + [-A.mT] * self.q

    @property
    def T(self) -> Rep:
        """A plain tensor if p or q is 0; otherwise a :class:`Dual`, with dual indices first."""
        return Dual(self) if self.p and self.q else T(self.q, self.p)

    def __repr__(self) -> str:
        return f"T({self.p},{self.q})" if self.q else f"T{self.p}"


@dataclass(frozen=True, repr=False)
class Dual(Factored):
    """The inverse transpose of a representation: the same axes, each of the other kind."""

    of: Rep

    def size(self, dim: Space) -> int:
        """As many numbers as the type has."""
        return self.of.size(dim)

    def factors(self, g: Element) -> list[Tensor]:
        """The inverse transposes of the type's factors."""
        return [torch.linalg.inv(factor).mT for factor in self.of.factors(g)]

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """The negative transposes of the type's derivative factors."""
        return [-derivative.mT for derivative in self.of.derivative_factors(A)]

    def over(self, G: Group) -> Rep:
        """The dual of the type over G."""
        return self.of.over(G).T

    @property
    def T(self) -> Rep:
        """The type itself."""
        return self.of

    def __repr__(self) -> str:
        return f"{enclosed(self.of)}.T"


@dataclass(frozen=True, repr=False)
class Sum(Factored):
    """Feature vectors laid end to end; make it with ``+`` and whole multiples.

    Args:
        terms: (count, representation) in order; neighbours differ.
    """

    terms: tuple[tuple[int, Rep], ...]
    is_compound: ClassVar[bool] = True

    def size(self, dim: Space) -> int:
        """The sizes of all copies of all terms together."""
        return sum(count * term.size(dim) for count, term in self.terms)

    def factors(self, g: Element) -> list[Tensor]:
        """One block-diagonal matrix, with a block for each copy of each term."""
        like = matrix(g)
        parts = [(count, kron_all(term.factors(g), like)) for count, term in self.terms]
        return [block_diagonal(parts, like)]

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """The derivative of the block-diagonal matrix."""
        like = algebra_matrix(A)
        parts = [(count, leibniz(term.derivative_factors(A), like)) for count, term in self.terms]
        return [block_diagonal(parts, like)]

    def act(self, g: Element, v: Tensor) -> Tensor:
        """Lets g act on each copy of each term."""
        return self._by_term(g, v, lambda term, h, copies: term.act(h, copies))

    def act_derivative(self, A: Element, v: Tensor) -> Tensor:
        """Lets A act on each copy of each term."""
        return self._by_term(A, v, lambda term, B, copies: term.act_derivative(B, copies))

    def _by_term(self, g: Element, v: Tensor, act: Callable[..., Tensor]) -> Tensor:
        """Lets g act on the copies (..., count, size) of each term in turn."""
        v = _broadcast(self, g, v)
        # the copies are one more leading axis, over which the elements are broadcast
        moved, start, g_of_copies = [], 0, unsqueeze(g, 1)
        for count, term in self.terms:
            size = term.size(space_of(g))
            copies = v[..., start : start + count * size].unflatten(-1, (count, size))
            moved.append(act(term, g_of_copies, copies).flatten(-2))
            start += count * size
        return torch.cat(moved, -1) if moved else v

    def over(self, G: Group) -> Rep:
        """The sum of the terms over G."""
        return direct_sum([(count, term.over(G)) for count, term in self.terms])

    @property
    def T(self) -> Rep:
        """The sum of the terms' duals."""
        return direct_sum([(count, term.T) for count, term in self.terms])

    def __repr__(self) -> str:
        texts = (f"{n}{enclosed(term)}" if n > 1 else str(term) for n, term in self.terms)
        return " + ".join(texts) or "0T0"


@dataclass(frozen=True, repr=False)
class Product(Factored):
    """Tensor product, flattened row-major; make it with ``*`` or ``>>``.

    Args:
        parts: At least two representations, none of them a product.
    """

    parts: tuple[Rep, ...]
    is_compound: ClassVar[bool] = True

    def size(self, dim: Space) -> int:
        """The product of the parts' sizes."""
        return prod(part.size(dim) for part in self.parts)

    def factors(self, g: Element) -> list[Tensor]:
        """The factors of all parts in order."""
        return [factor for part in self.parts for factor in part.factors(g)]

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """The derivative factors of all parts in order."""
        return [factor for part in self.parts for factor in part.derivative_factors(A)]

    def act(self, g: Element, v: Tensor) -> Tensor:
        """rho(g) v part by part, for parts that need no matrix; else axis by axis."""
        if not any(part.acts_without_matrix for part in self.parts):
            return super().act(g, v)
        v, space = _broadcast(self, g, v), space_of(g)
        sizes = [part.size(space) for part in self.parts]
        for i, part in enumerate(self.parts):
            grid = v.unflatten(-1, (prod(sizes[:i]), sizes[i], prod(sizes[i + 1 :])))
            v = part.act(unsqueeze(g, 2), grid.movedim(-2, -1)).movedim(-1, -2).flatten(-3)
        return v

    def over(self, G: Group) -> Rep:
        """The product of the parts over G."""
        return product([part.over(G) for part in self.parts])

    @property
    def T(self) -> Rep:
        """The product of the parts' duals, in the same order."""
        return product([part.T for part in self.parts])

    def __repr__(self) -> str:
        return "*".join(map(enclosed, self.parts))


Scalar = T(0)
V = Vector = T(1)


@dataclass(frozen=True, repr=False)
class Outer(Factored):
    """A tensor product of types over different spaces; make it with ``@``, in text ``x``.

    Args:
        parts: One representation for each factor of the direct product.
    """

    parts: tuple[Rep, ...]
    is_compound: ClassVar[bool] = True

    def size(self, dim: Space) -> int:
        """The product of the parts' sizes, each over its own space."""
        dims = self._dims(dim)
        return prod(part.size(d) for part, d in zip(self.parts, dims, strict=True))

    def factors(self, g: Element) -> list[Tensor]:
        """The factors of all parts in order, each for its own group's element."""
        pairs = zip(self.parts, self._elements(g), strict=True)
        return [factor for part, element in pairs for factor in part.factors(element)]

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """The derivative factors of all parts in order, each along its own algebra's element."""
        pairs = zip(self.parts, self._elements(A), strict=True)
        return [factor for part, element in pairs for factor in part.derivative_factors(element)]

    def over(self, G: Group) -> Rep:
        """Each part over the factor of G in its place."""
        groups = G.factors
        if len(groups) != len(self.parts):
            raise ValueError(
                f"{self} is for a direct product of {len(self.parts)} groups, written as "
                f"'S(5)xO(3)'; {G} is {f'one of {len(groups)}' if len(groups) > 1 else 'none'}."
            )
        return outer([part.over(H) for part, H in zip(self.parts, groups, strict=True)])

    @property
    def T(self) -> Rep:
        """The outer product of the parts' duals."""
        return outer([part.T for part in self.parts])

    def _dims(self, dim: Space) -> Sequence[int]:
        """Dimension of each space, read from bound parts if ``dim`` does not give them."""
        if isinstance(dim, tuple) and len(dim) == len(self.parts):
            return dim
        # bound types know their space, and scalars have one number over any
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
class Bound(Factored):
    """A type for one group only, or for that factor of a direct product; make it with ``R(G)``.

    Args:
        of: The type.
        group: The only group that it is for.

    Example:
        >>> from softsym.symmetries import O, S, V
        >>> V(S(5)) @ V(O(3))
        T1(S(5)) x T1(O(3))
    """

    of: Rep
    group: Group

    def __post_init__(self) -> None:
        # isinstance(..., Group) would need the class, and close a circle of imports
        if not isinstance(getattr(self.group, "factors", None), tuple):
            raise ValueError(
                f"A type is for a Group, as in V(S(5)); got {self.group!r}. Read one from its name "
                "with group('S(5)')."
            )

    def size(self, dim: Space | None = None) -> int:
        """Number of components over the group's own space, whatever ``dim`` is."""
        return self.of.size(self.group.space)

    def factors(self, g: Element) -> list[Tensor]:
        """The type's factors, for matrices of the group's dimension."""
        return self.of.factors(self._require_dim(g))

    def derivative_factors(self, A: Element) -> list[Tensor]:
        """The type's derivative factors, for matrices of the group's dimension."""
        return self.of.derivative_factors(self._require_dim(A))

    def over(self, G: Group) -> Rep:
        """The type itself over its group; over a direct product, outer scalars around it."""
        if self.group == G:
            return self.of.over(G)
        places = [i for i, factor in enumerate(G.factors) if factor == self.group]
        if len(places) != 1:
            relation = f"occurs {len(places)} times in" if places else "is not"
            raise ValueError(
                f"{self} is a representation of {self.group}, which {relation} {G}. Use it with "
                f"{self.group}, with a direct product in which that occurs once, or say its place, "
                "as in 'V(O(3)) x T0' for the first factor."
            )
        return outer([self.of.over(f) if i in places else Scalar for i, f in enumerate(G.factors)])

    @property
    def T(self) -> Rep:
        """The dual, for the same group."""
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
        # 2 (3 T1) is 6 T1, but 2 (T0 + T1) keeps its order: T0 + T1 + T0 + T1
        if len(nested) > 1 and count * len(nested) > MOST_TERMS:
            raise ValueError(
                f"A sum lists at most {MOST_TERMS} terms; got {count} copies of {len(nested)}. "
                "Write multiples of single terms, such as 5T0 + 5T1."
            )
        whole = [(count * nested[0][0], nested[0][1])] if len(nested) == 1 else nested * count
        for n, part in whole:
            if merged and merged[-1][1] == part:
                merged[-1] = (merged[-1][0] + n, part)
            elif n:
                merged.append((n, part))
    return merged[0][1] if len(merged) == 1 and merged[0][0] == 1 else Sum(tuple(merged))


def product(factors: list[Rep]) -> Rep:
    """The tensor product in its normal form: flat, without scalars, tensors merged.

    Neighbours T(p, q) and T(r, s) merge where this leaves vector indices before dual ones.
    """
    merged: list[Rep] = []
    for factor in factors:
        for part in factor.parts if isinstance(factor, Product) else (factor,):
            last = merged[-1] if merged else None
            # T1 T(0,1) is T(1,1), but T(0,1) T1 has its vector index last
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
    """The type's text, in parentheses if it is compound."""
    return f"({part})" if part.is_compound else str(part)


def _broadcast(R: Rep, g: Element, v: Tensor) -> Tensor:
    """Vectors (..., size of R) with the leading axes of both, and the finer dtype of both."""
    size = R.size(space_of(g))
    if v.shape[-1] != size:
        raise ValueError(
            f"{R} has {size} numbers over R^{whole_dim(space_of(g))}; got {v.shape[-1]}."
        )
    parts = g if isinstance(g, tuple) else (g,)
    lead = torch.broadcast_shapes(*(part.shape[:-2] for part in parts), v.shape[:-1])
    return v.to(torch.promote_types(parts[0].dtype, v.dtype)).expand(*lead, size)


def _require_count(count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ValueError(
            f"A multiple of a representation must be a whole number of 0 or more; got {count!r}."
        )
    return count
