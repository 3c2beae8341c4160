"""Which hidden layouts suffice is told from spans, and agrees with what networks can give."""

import pytest
import torch

from softsym.networks import EMLP
from softsym.networks.expressivity import sufficient_rank
from softsym.symmetries import group, rep

SO3 = group("SO(3)")


@pytest.mark.parametrize(
    ("rep_in", "rep_out", "name", "rank", "enough"),
    [
        # products of vectors into T2 need tensors of rank 3
        ("3T1", "T2", "O(3)", 2, 3),
        ("3T1", "T2", "O(3)", 3, None),
        ("3T1", "T1", "O(3)", 2, None),
        ("T1", "T0", "SO(3)", 1, None),
        # numbers alone are reached in every layout
        ("4T0", "2T0", "SO(3)", 0, None),
    ],
)
def test_the_next_rank_that_gives_more(rep_in, rep_out, name, rank, enough):
    assert sufficient_rank(rep(rep_in), rep(rep_out), group(name), rank, layers=3) == enough


def test_no_answer_where_it_would_take_long_or_means_nothing():
    assert sufficient_rank(rep("3T1"), rep("T2"), group("SL(3)"), 1, layers=3) is None
    assert sufficient_rank(rep("3T1"), rep("T(5)"), SO3, 2, layers=3) is None


@pytest.mark.parametrize(("channels", "dimensions"), [(16, 1), (128, 9)])
def test_networks_give_what_is_told(channels, dimensions):
    """At one input, networks with many seeds reach every output that their layout allows."""
    x = 10 * torch.randn(1, 9, generator=torch.Generator().manual_seed(0)).double()
    networks = [
        EMLP("3T1", "T2", "O(3)", channels=channels, seed=seed).double() for seed in range(20)
    ]
    sizes = torch.linalg.svdvals(torch.cat([network(x) for network in networks]).detach())
    assert int((sizes > 1e-9 * sizes[0]).sum()) == dimensions
