"""The paper's layout of a hidden layer: its tensors, computed from a number of channels."""

from __future__ import annotations

from math import comb

import torch
from torch import Tensor

from softsym.networks.tensor_counts import tensor_counts
from softsym.symmetries import Group, Rep, T
from softsym.symmetries.blocks import tensor_blocks
from softsym.symmetries.representations import direct_sum


def hidden_layout(channels: int, group: Group) -> Rep:
    """Builds the type of the paper's hidden layer for the largest candidate group, scalars first.

    For an orthogonal group N tensors of rank k are N copies of T(k). For other groups they are
    split into T(p, k - p) in binomial proportions, so that features can grow or shrink under, for
    example, a change of scale.

    Example:
        >>> from softsym.symmetries import group
        >>> hidden_layout(128, group("O(3)"))
        54T0 + 18T1 + 6T2 + 2T3
    """
    terms: list[tuple[int, Rep]] = []
    for rank, count in enumerate(tensor_counts(channels, group.dim)):
        if group.is_orthogonal:
            terms.append((count, T(rank)))
        else:
            split = _binomial_split(count, rank)
            terms += [(n, T(p, rank - p)) for p, n in sorted(split.items(), reverse=True) if n]
    return direct_sum(terms)


def gates(layout: Rep, dim: int) -> int:
    """Counts the tensors of a layout that are not scalars, each of which has one gate."""
    return sum(len(index) for R, index in tensor_blocks(layout, dim).items() if T(0) != R)


def homogeneous_entries(layout: Rep, group: Group) -> Tensor:
    """Finds the homogeneous coordinates of a layout, (k,) int64; empty for most groups.

    A group with translations (``SE(n)``, ``Translation(n)``) acts on (position, 1). It leaves the
    component of a tensor T(p, 0) that is last in every index unchanged; this component is the
    weight with which translations move the others. (A vector that ends in 0 is a direction.)

    Example:
        >>> from softsym.symmetries import group, rep
        >>> homogeneous_entries(rep("T0 + 2T1"), group("SE(2)"))
        tensor([3, 6])
    """
    none = torch.zeros(0, dtype=torch.int64)
    if not _has_translations(group):
        return none
    blocks = tensor_blocks(layout, group.dim).items()
    corners = [index[:, -1] for R, index in blocks if isinstance(R, T) and R.p and not R.q]
    return torch.cat([none, *corners]).sort().values


def _has_translations(group: Group) -> bool:
    if len(group.factors) > 1:
        return False
    last = torch.zeros(group.dim, dtype=torch.float64)
    last[-1] = 1.0
    algebra, discrete = group.lie_algebra, group.discrete_generators
    # Affine: the last row of every element is (0, ..., 0, 1), so derivatives have a last row of 0.
    affine = not algebra[:, -1].any() and bool((discrete[:, -1] == last).all())
    return affine and bool(algebra[:, :-1, -1].any() or discrete[:, :-1, -1].any())


def segments(layout: Rep, dim: int) -> list[tuple[T, int, int]]:
    """Lists the runs of equal tensors in a sum of tensors: (type, first column, copies)."""
    terms = getattr(layout, "terms", ((1, layout),))
    runs, start = [], 0
    for count, term in terms:
        if not isinstance(term, T):
            raise ValueError(f"A hidden layer must be a sum of tensors T(p, q); got {layout}.")
        runs.append((term, start, count))
        start += count * term.size(dim)
    return runs


def _binomial_split(count: int, rank: int) -> dict[int, int]:
    """Divides ``count`` among p = 0..rank in proportion to C(rank, p), by largest remainder."""
    exact = {p: count * comb(rank, p) / 2**rank for p in range(rank + 1)}
    shares = {p: int(value) for p, value in exact.items()}
    by_remainder = sorted(exact, key=lambda p: (shares[p] - exact[p], -p))
    for p in by_remainder[: count - sum(shares.values())]:
        shares[p] += 1
    return shares
