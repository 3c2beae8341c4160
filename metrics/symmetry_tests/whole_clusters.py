"""Splits samples so that those of one cluster stay together."""

from __future__ import annotations

import torch
from torch import Tensor


def split_clusters(clusters: Tensor, rows: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Splits rows into two parts that have no cluster in common.

    What was fitted on windows of a track predicts other windows of it too well: it must be judged
    on other tracks.

    Args:
        clusters: Cluster of each sample (n,).
        rows: Some rows (m,) of the samples, in random order.
        share: Share of the clusters that the first part gets.

    Example:
        >>> clusters, rows = torch.tensor([0, 0, 0, 1, 2, 2]), torch.tensor([4, 2, 3, 0, 5, 1])
        >>> [part.tolist() for part in split_clusters(clusters, rows, 0.7)]
        [[4, 3, 5], [2, 0, 1]]
    """
    _, member = clusters[rows].unique(return_inverse=True)
    count = int(member.max()) + 1
    # A cluster's place is that of its lowest row, so that it is not drawn sooner if it has many.
    lowest = rows.new_full((count,), len(clusters)).scatter_reduce(0, member, rows, "amin")
    place = torch.empty_like(lowest)
    place[member[rows == lowest[member]]] = torch.arange(count)
    first = place[member] < int(share * count)
    return rows[first], rows[~first]
