"""The products that make up the bilinear term, and the cheapest order of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from softsym.symmetries import Group, T

PRODUCT_COST = 10
"""Measured cost of an elementwise multiplication, in multiplications within a matrix product."""


@dataclass(frozen=True)
class Term:
    """All blocks of M from tensors of one type to those of another, made of copies of a third.

    out[a,I] = sum over b, c, J of weight[a,b,c] copies[c,I,J] x[b,J] for every sample.
    """

    to: T  # type i of the result
    of: T  # type j of the mapped tensors
    by: T  # type k = i (x) j* of the copies
    results: int  # number of tensors of type i, the range of a
    mapped: int  # number of tensors of type j, the range of b
    copies: int  # number of copies of type k, the range of c
    sizes: tuple[int, int]  # components of a tensor of type i (range of I) and j (range of J)

    @property
    def mixes_first(self) -> bool:
        """Whether to contract x with the weights over b first, before the copies are applied.

        First is far cheaper for scalar x, last for scalar results.
        """
        size_to, size_of = self.sizes
        # Costs per sample, divided by the common factor copies. First: mix x over b into (a, c, J)
        # by a matrix product, then apply copies elementwise. Last: apply each copy to each x, then
        # mix the (b, c, I) into (a, I) by a matrix product.
        first = self.results * size_of * (self.mapped + PRODUCT_COST * size_to)
        last = self.mapped * size_to * (self.results + PRODUCT_COST * size_of)
        return first < last


def bilinear_terms(counts: Mapping[T, int], group: Group) -> list[Term]:
    """Lists all terms of a layer, given its numbers of tensors, except those between scalars."""
    return [
        _term(i, j, k, counts, group.dim)
        for i in counts
        for j in counts
        if (k := map_type(i, j, group)) in counts and k.rank
    ]


def _term(i: T, j: T, k: T, counts: Mapping[T, int], dim: int) -> Term:
    copies = min(counts[k], k.size(dim))
    return Term(i, j, k, counts[i], counts[j], copies, (i.size(dim), j.size(dim)))


def map_type(i: T, j: T, group: Group) -> T:
    """Returns the type i (x) j* of linear maps from type j to type i."""
    if group.is_orthogonal:
        return T(i.rank + j.rank)
    return T(i.p + j.q, i.q + j.p)
