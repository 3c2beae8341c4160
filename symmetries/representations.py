"""Types of feature vectors: tensors T(p, q), and what is built of them.

A representation is an immutable value that says how the numbers of a feature vector change when a
group element g acts on the base space R^d. It names no group: the same type serves every group.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache, reduce

import torch
from torch import Tensor

Blocks = dict["T", Tensor]
"""For each type of tensor, where its copies' numbers stand: (copies, d^(p + q)) int64."""


class Rep(ABC):
    """The type of a feature vector.

    Example:
        >>> hidden = 2 * T(0) + 3 * T(1)
        >>> hidden
        2T0 + 3T1
        >>> hidden.size(3)
        11
        >>> T(1) >> T(2) == T(2) * T(1).T
        True
    """

    @abstractmethod
    def size(self, dim: int) -> int:
        """Number of components over the base space R^dim."""

    @abstractmethod
    def blocks(self, dim: int) -> Blocks:
        """Positions of every tensor in the flattened vector, vector axes first, row-major.

        The tensors of a product are those of its expansion: the product of a copy of T(p, q) and
        a copy of T(r, s) is one tensor T(p + r, q + s).
        """

    @abstractmethod
    def rho(self, g: Tensor) -> Tensor:
        """Matrices of group elements g (..., d, d) on the feature vector, (..., size, size)."""

    @abstractmethod
    def drho(self, A: Tensor) -> Tensor:
        """Derivative of :meth:`rho` at the identity along A (..., d, d), (..., size, size)."""

    @property
    @abstractmethod
    def T(self) -> Rep:
        """The dual: ``rho`` of it is the inverse transpose of ``rho`` of this."""

    def __add__(self, other: Rep) -> Rep:
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


@dataclass(frozen=True, repr=False)
class T(Rep):
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

    def size(self, dim: int) -> int:  # noqa: D102
        return int(dim**self.rank)

    def blocks(self, dim: int) -> Blocks:  # noqa: D102
        return {self: torch.arange(self.size(dim))[None]}

    def rho(self, g: Tensor) -> Tensor:  # noqa: D102
        factors = [g] * self.p + ([torch.linalg.inv(g).mT] * self.q if self.q else [])
        return reduce(kron, factors, torch.ones_like(g[..., :1, :1]))

    def drho(self, A: Tensor) -> Tensor:  # noqa: D102
        return _leibniz([(A, A.shape[-1])] * self.p + [(-A.mT, A.shape[-1])] * self.q, A)

    @property
    def T(self) -> Rep:  # noqa: D102
        return Dual(self) if self.p and self.q else T(self.q, self.p)

    def __repr__(self) -> str:
        return f"T({self.p},{self.q})" if self.q else f"T{self.p}"


@dataclass(frozen=True, repr=False)
class Dual(Rep):
    """The dual of a tensor with both kinds of index: the same axes, each of the other kind."""

    of: T

    def size(self, dim: int) -> int:  # noqa: D102
        return self.of.size(dim)

    def blocks(self, dim: int) -> Blocks:  # noqa: D102
        p, q = self.of.p, self.of.q
        axes = torch.arange(self.size(dim)).reshape([dim] * (p + q))
        dual_last = axes.permute([*range(p, p + q), *range(p)])
        return {T(q, p): dual_last.reshape(1, -1)}

    def rho(self, g: Tensor) -> Tensor:  # noqa: D102
        return self.of.rho(torch.linalg.inv(g).mT)

    def drho(self, A: Tensor) -> Tensor:  # noqa: D102
        return self.of.drho(-A.mT)

    @property
    def T(self) -> Rep:  # noqa: D102
        return self.of

    def __repr__(self) -> str:
        return f"{self.of}.T"


@dataclass(frozen=True, repr=False)
class Sum(Rep):
    """Feature vectors laid end to end; make it with ``+`` and whole multiples.

    Args:
        terms: (count, representation) in order; neighbours differ.
    """

    terms: tuple[tuple[int, Rep], ...]

    def size(self, dim: int) -> int:  # noqa: D102
        return sum(count * term.size(dim) for count, term in self.terms)

    def blocks(self, dim: int) -> Blocks:  # noqa: D102
        found: dict[T, list[Tensor]] = {}
        offset = 0
        for count, term in self.terms:
            starts = offset + term.size(dim) * torch.arange(count)
            for tensor, index in term.blocks(dim).items():
                copies = starts[:, None, None] + index[None]
                found.setdefault(tensor, []).append(copies.reshape(-1, index.shape[-1]))
            offset += count * term.size(dim)
        return {tensor: torch.cat(parts) for tensor, parts in found.items()}

    def rho(self, g: Tensor) -> Tensor:  # noqa: D102
        return block_diagonal([(count, term.rho(g)) for count, term in self.terms], g)

    def drho(self, A: Tensor) -> Tensor:  # noqa: D102
        return block_diagonal([(count, term.drho(A)) for count, term in self.terms], A)

    @property
    def T(self) -> Rep:  # noqa: D102
        return direct_sum([(count, term.T) for count, term in self.terms])

    def __repr__(self) -> str:
        return (
            " + ".join(
                (str(count) if count > 1 else "")
                + (f"({term})" if isinstance(term, Product) and count > 1 else str(term))
                for count, term in self.terms
            )
            or "0T0"
        )


@dataclass(frozen=True, repr=False)
class Product(Rep):
    """Tensor product, flattened row-major; make it with ``*`` or ``>>``.

    Args:
        factors: At least two representations, none of them a product.
    """

    factors: tuple[Rep, ...]

    def size(self, dim: int) -> int:  # noqa: D102
        return reduce(lambda total, factor: total * factor.size(dim), self.factors, 1)

    def blocks(self, dim: int) -> Blocks:  # noqa: D102
        found = self.factors[0].blocks(dim)
        for factor in self.factors[1:]:
            found = _product_blocks(found, factor.blocks(dim), factor.size(dim), dim)
        return found

    def rho(self, g: Tensor) -> Tensor:  # noqa: D102
        return reduce(kron, [factor.rho(g) for factor in self.factors])

    def drho(self, A: Tensor) -> Tensor:  # noqa: D102
        dim = A.shape[-1]
        return _leibniz([(factor.drho(A), factor.size(dim)) for factor in self.factors], A)

    @property
    def T(self) -> Rep:  # noqa: D102
        return product([factor.T for factor in self.factors])

    def __repr__(self) -> str:
        return "*".join(f"({f})" if isinstance(f, Sum) else str(f) for f in self.factors)


Scalar = T(0)
Vector = T(1)


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
        for part in factor.factors if isinstance(factor, Product) else (factor,):
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


def kron(a: Tensor, b: Tensor) -> Tensor:
    """Kronecker product of the last two axes, the leading ones broadcast."""
    whole = torch.einsum("...ij,...kl->...ikjl", a, b)
    return whole.reshape(*whole.shape[:-4], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])


def block_diagonal(parts: list[tuple[int, Tensor]], like: Tensor) -> Tensor:
    """Square matrices (..., n, n), each repeated ``count`` times, along one diagonal."""
    size = sum(count * part.shape[-1] for count, part in parts)
    whole = torch.zeros(*like.shape[:-2], size, size, dtype=like.dtype, device=like.device)
    offset = 0
    for count, part in parts:
        for _ in range(count):
            stop = offset + part.shape[-1]
            whole[..., offset:stop, offset:stop] = part
            offset = stop
    return whole


@lru_cache(maxsize=256)
def cached_blocks(rep: Rep, dim: int) -> Blocks:
    """:meth:`Rep.blocks`, remembered: layers of one network ask for the same again."""
    return rep.blocks(dim)


def _product_blocks(left: Blocks, right: Blocks, right_size: int, dim: int) -> Blocks:
    found: dict[T, list[Tensor]] = {}
    for a, index_a in left.items():
        for b, index_b in right.items():
            pairs = index_a[:, None, :, None] * right_size + index_b[None, :, None, :]
            axes = pairs.reshape([-1, *[dim] * (a.rank + b.rank)])
            order = _vector_axes_first(a, b)
            tensor = T(a.p + b.p, a.q + b.q)
            index = axes.permute([0, *(1 + axis for axis in order)])
            found.setdefault(tensor, []).append(index.reshape(-1, tensor.size(dim)))
    return {tensor: torch.cat(parts) for tensor, parts in found.items()}


def _vector_axes_first(a: T, b: T) -> list[int]:
    """Order of the axes of a (x) b that brings vector indices before dual ones."""
    start = a.rank
    vectors = [*range(a.p), *range(start, start + b.p)]
    duals = [*range(a.p, start), *range(start + b.p, start + b.rank)]
    return vectors + duals


def _leibniz(factors: list[tuple[Tensor, int]], like: Tensor) -> Tensor:
    """Derivative of a Kronecker product: each factor's derivative in turn, the others 1."""
    one = torch.ones_like(like[..., :1, :1])
    total: Tensor | None = None
    for k in range(len(factors)):
        parts = [
            derivative if i == k else torch.eye(size, dtype=like.dtype, device=like.device)
            for i, (derivative, size) in enumerate(factors)
        ]
        term = reduce(kron, parts)
        total = term if total is None else total + term
    return torch.zeros_like(one) if total is None else total


def _require_count(count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ValueError(
            f"A multiple of a representation must be a whole number of 0 or more; got {count!r}."
        )
    return count
