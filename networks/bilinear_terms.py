"""Which products the bilinear term is made of, and in which order each is cheapest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from softsym.symmetries import Group, T

PRODUCT_COST = 10
"""A multiplication apart from any matrix product takes about as long as this many within one."""


@dataclass(frozen=True)
class Term:
    """All blocks of M that map tensors of one type to another: sums of copies of a third.

    out[a,I] = sum over b, c, J of weight[a,b,c] copies[c,I,J] x[b,J] for every sample.

    Attributes:
        to: Type i of the result.
        of: Type j of what is mapped.
        by: Type k = i (x) j* of the copies.
        results: Number of tensors of type i, the index a.
        mapped: Of type j, the index b.
        copies: Of type k, the index c.
        sizes: Numbers in a tensor of type i and of type j.
    """

    to: T
    of: T
    by: T
    results: int
    mapped: int
    copies: int
    sizes: tuple[int, int]

    @property
    def mixes_first(self) -> bool:
        """Whether to combine x over b first, before the copies meet them; or last.

        For scalars x first is far cheaper, for scalar results last.
        """
        size_to, size_of = self.sizes
        first = self.results * size_of * (self.mapped + PRODUCT_COST * size_to)
        last = self.mapped * size_to * (self.results + PRODUCT_COST * size_of)
        return first < last


def bilinear_terms(counts: Mapping[T, int], group: Group) -> list[Term]:
    """All terms of a layer, none of them between scalars.

    Args:
        counts: Number of tensors of each type in the layer.
        group: The largest candidate group.
    """
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
    """The type i (x) j* of maps from j to i."""
    if group.is_orthogonal:
        return T(i.rank + j.rank)
    return T(i.p + j.q, i.q + j.p)
