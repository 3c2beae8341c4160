"""Permutations of coordinates: uniform samples, orbits, and two puzzles."""

import math

import pytest
import torch
from compliance.groups import GroupSuite, elements

from softsym.symmetries import PermutationGroup, RubiksCube, S, T, Z, equivariant_basis, group


class TestPermutations(GroupSuite):
    groups = ("S(1)", "S(2)", "S(4)", "Z(1)", "Z(5)", "Cube")


@pytest.mark.parametrize(("G", "order"), [(S(3), 6), (S(4), 24), (Z(5), 5)], ids=str)
def test_every_element_equally_often(G, order):
    drawn = elements(G, 300 * order).flatten(1)
    distinct, counts = torch.unique(drawn, dim=0, return_counts=True)
    assert len(distinct) == order
    assert counts.min() > 200
    assert counts.max() < 400


def test_generators_send_unit_vectors_where_they_say():
    G = PermutationGroup([[1, 2, 0]], "cycle")
    image = G.discrete_generators[0] @ torch.eye(3, dtype=torch.float64)
    assert image.argmax(0).tolist() == [1, 2, 0]


@pytest.mark.parametrize(("n", "rank"), [(2, 4), (3, 4), (5, 3), (8, 4)])
def test_rank_of_the_symmetric_group_counts_set_partitions(n, rank):
    """Bell numbers, as far as n coordinates tell parts apart (sums of Stirling numbers)."""

    def stirling(m, k):
        terms = ((-1) ** (k - j) * math.comb(k, j) * j**m for j in range(k + 1))
        return sum(terms) // math.factorial(k)

    wanted = sum(stirling(rank, k) for k in range(min(n, rank) + 1))
    assert equivariant_basis(S(n), T(rank)).shape == (n**rank, wanted)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_rank_of_the_cyclic_group(rank):
    assert equivariant_basis(Z(6), T(rank)).shape[1] == 6 ** (rank - 1)


def test_rubiks_cube_moves_twenty_stickers_in_cycles_of_four():
    G = RubiksCube()
    assert G.permutations.shape == (6, 48)
    one = torch.arange(48)
    for move in G.permutations:
        assert int((move != one).sum()) == 20
        assert torch.equal(move[move[move[move]]], one)
    # corners stay corners and edges edges; a corner's stickers keep their sense of rotation
    assert equivariant_basis(G, T(1)).shape[1] == 2
    assert equivariant_basis(G, T(2)).shape[1] == 9


def test_a_list_that_is_no_permutation():
    with pytest.raises(ValueError, match="A generator of bad must hold each of 0 to 2 once; got"):
        PermutationGroup([[0, 0, 1]], "bad")


def test_large_permutations_need_no_matrix():
    G = group("S(20000)")
    assert "discrete_generators" not in G.__dict__
    assert equivariant_basis(G, T(1)).shape == (20000, 1)
    assert "discrete_generators" not in G.__dict__
    assert "discrete_generators" not in group("S(60)xZ(60)").__dict__


@pytest.mark.parametrize("permutations", [[1, 0], [], [[1.5, 0]], [[]]])
def test_generators_that_are_no_lists_of_whole_numbers(permutations):
    with pytest.raises(ValueError, match="generators of p must be lists of whole numbers"):
        PermutationGroup(permutations, "p")
