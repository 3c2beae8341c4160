"""Numbers of partitions and standard tableaux, against counting them one by one."""

import itertools
from functools import cache
from math import comb, factorial, prod

import pytest

from softsym.symmetries.partitions import pairings_count, partitions, permutations_count, tableaux


def catalan(k):
    return comb(2 * k, k) // (k + 1)


def odd_factorial(k):
    return prod(range(1, 2 * k, 2))


@cache
def filled_one_by_one(shape):
    """Number of standard tableaux: the largest number is in some corner."""
    if not shape:
        return 1
    total = 0
    for i, row in enumerate(shape):
        if i + 1 == len(shape) or shape[i + 1] < row:
            smaller = (*shape[:i], row - 1, *shape[i + 1 :])
            total += filled_one_by_one(tuple(r for r in smaller if r))
    return total


@pytest.mark.parametrize("n", range(9))
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 9])
def test_partitions_are_all_falling_sums(n, rows):
    tuples = itertools.combinations_with_replacement(range(n, -1, -1), min(rows, n))
    wanted = {tuple(filter(None, falling)) for falling in tuples if sum(falling) == n}
    sums = list(partitions(n, rows))
    assert len(sums) == len(set(sums))
    assert set(sums) == wanted


@pytest.mark.parametrize("n", range(9))
def test_hook_lengths_count_tableaux(n):
    for shape in partitions(n, n):
        assert tableaux(shape) == filled_one_by_one(shape)


@pytest.mark.parametrize("k", range(8))
def test_pairs_of_tableaux_are_permutations(k):
    assert permutations_count(k, max(k, 1)) == permutations_count(k, k + 3) == factorial(k)
    assert permutations_count(k, 1) == 1
    assert permutations_count(k, 2) == catalan(k)


@pytest.mark.parametrize("k", range(8))
def test_counts_of_pairings(k):
    for dim in (max(k, 1), k + 2):
        assert pairings_count(2 * k, dim, skew=False) == odd_factorial(k)
        assert pairings_count(2 * k, 2 * dim, skew=True) == odd_factorial(k)
    assert pairings_count(2 * k, 1, skew=False) == 1
    assert pairings_count(2 * k, 2, skew=False) == (comb(2 * k, k) + 1) // 2
    assert pairings_count(2 * k, 2, skew=True) == catalan(k)


@pytest.mark.parametrize("rank", [1, 3, 7])
@pytest.mark.parametrize("skew", [False, True])
def test_an_odd_number_of_indices_has_no_pairing(rank, skew):
    assert pairings_count(rank, 4, skew) == 0
