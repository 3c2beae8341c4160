"""The number of tensors of each rank in the paper's hidden layer."""

from __future__ import annotations

from softsym.symmetries.numbers import require_whole


def tensor_counts(channels: int, dim: int) -> list[int]:
    """Computes the number of tensors of each rank 0, 1, ..., r for about ``channels`` numbers.

    r is the largest rank with (r + 1) d^r <= channels, where d is ``dim``. While channels remain,
    d^(r - k) tensors of each rank k are added, using up (r + 1) d^r channels (Kim et al. 2023).

    Example:
        >>> tensor_counts(128, 3)
        [54, 18, 6, 2]
    """
    require_whole("channels", channels)
    rank = 0
    # Over a line (d = 1) every rank has one component, so the rank would grow without bound.
    while dim > 1 and (rank + 2) * dim ** (rank + 1) <= channels:
        rank += 1
    rounds = -(-channels // ((rank + 1) * dim**rank))
    return [rounds * dim ** (rank - k) for k in range(rank + 1)]
