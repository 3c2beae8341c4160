"""Hidden layouts computed from a number of channels."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from softsym.networks.hidden_layout import (
    gates,
    hidden_layout,
    homogeneous_entries,
    segments,
    tensor_counts,
)
from softsym.symmetries import T, group, rep


@pytest.mark.parametrize(
    ("channels", "dim", "counts"),
    [
        (128, 3, [54, 18, 6, 2]),
        (384, 2, [64, 32, 16, 8, 4, 2]),
        (1, 3, [1]),
        (5, 3, [5]),
        (6, 3, [3, 1]),
        (7, 3, [6, 2]),
        (10, 1, [10]),
    ],
)
def test_counts(channels, dim, counts):
    assert tensor_counts(channels, dim) == counts


@given(st.integers(1, 600), st.integers(2, 5))
def test_counts_use_up_the_channels_with_the_largest_rank_that_fits(channels, dim):
    counts = tensor_counts(channels, dim)
    rank = len(counts) - 1
    assert (rank + 1) * dim**rank <= channels < (rank + 2) * dim ** (rank + 1)
    sizes = {n * dim**k for k, n in enumerate(counts)}
    assert len(sizes) == 1
    total = sizes.pop() * (rank + 1)
    assert channels <= total < channels + (rank + 1) * dim**rank


def test_orthogonal_groups_have_vector_indices_only():
    assert str(hidden_layout(128, group("O(2)@xy"))) == "54T0 + 18T1 + 6T2 + 2T3"


@given(st.integers(1, 400))
def test_other_groups_split_every_rank_binomially(channels):
    layout, dim = hidden_layout(channels, group("SO(3)*Scaling(3)")), 3
    per_rank = {}
    for tensor, _, copies in segments(layout, dim):
        per_rank.setdefault(tensor.rank, {})[tensor.p] = copies
    counts = tensor_counts(channels, dim)
    assert [sum(per_rank[k].values()) for k in range(len(counts))] == counts
    for rank, split in per_rank.items():
        for p in range(rank + 1):
            share = counts[rank] * math.comb(rank, p) / 2**rank
            assert abs(split.get(p, 0) - share) < 1


def test_binomial_proportions():
    # 16, 8, 4, 2 tensors of rank 0, 1, 2, 3
    assert str(hidden_layout(48, group("GL(2)"))) == (
        "16T0 + 4T1 + 4T(0,1) + T2 + 2T(1,1) + T(0,2) + T(2,1) + T(1,2)"
    )


def test_gates_are_those_of_the_tensors_that_are_not_scalars():
    assert gates(rep("54T0 + 18T1 + 6T2 + 2T3"), 3) == 26
    assert gates(rep("3T0"), 3) == 0
    assert gates(rep("T1 + T0 + 2T(1,1)"), 2) == 3


def test_segments():
    assert segments(rep("2T0 + T(1,1) + T0"), 3) == [(T(0), 0, 2), (T(1, 1), 2, 1), (T(0), 11, 1)]
    assert segments(T(1), 3) == [(T(1), 0, 1)]


def test_errors():
    with pytest.raises(ValueError, match="channels must be a whole number of at least 1; got 0"):
        tensor_counts(0, 3)
    with pytest.raises(ValueError, match=r"must be a sum of tensors T\(p, q\); got .*T\(1,1\)\.T"):
        segments(rep("T0 + T(1,1).T"), 3)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("SE(2)", "T0 + 2T1 + T2", [3, 6, 15]),
        ("SE(2)", "T(0,1) + T(1,1) + T1", [14]),
        ("Translation(2)", "T1", [2]),
        ("Rotation(2)", "T1", []),
        ("O(2)@xy", "T1 + T2", []),
        ("GL(3)", "T1", []),
        ("S(3)", "T1", []),
        ("Z(4)xO(2)", "T1", []),
    ],
)
def test_homogeneous_coordinates_are_those_that_no_move_changes(name, text, expected):
    G, R = group(name), rep(text)
    assert homogeneous_entries(R, G).tolist() == expected
    v = torch.randn(R.size(G.dim), dtype=torch.float64) if expected else None
    for g in G.sample(5) if expected else ():
        torch.testing.assert_close((R.rho(g) @ v)[expected], v[expected])
