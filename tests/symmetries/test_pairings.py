"""Spanning sets of invariants, against counts and definitions."""

import itertools

import numpy as np
import pytest

from symmetries.pairings import levi_civita, orthonormalised, perfect_matchings, spanning_tensor


@pytest.mark.parametrize(("count", "matchings"), [(0, 1), (2, 1), (4, 3), (6, 15), (8, 105)])
def test_number_of_matchings(count, matchings):
    found = [frozenset(m) for m in perfect_matchings(tuple(range(count)))]
    assert len(set(found)) == len(found) == matchings
    for matching in found:
        assert sorted(itertools.chain(*matching)) == list(range(count))


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_levi_civita_is_the_determinant(dim):
    matrix = np.random.default_rng(0).normal(size=(dim, dim))
    value = levi_civita(dim)
    for row in matrix:
        value = np.tensordot(row, value, axes=1)
    assert value == pytest.approx(np.linalg.det(matrix))


def test_spanning_tensor_is_the_outer_product():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 3)), rng.normal(size=(3,))
    positions, values = spanning_tensor(3, 3, [((2, 0), a), ((1,), b)])
    dense = np.zeros(27)
    dense[positions] = values
    np.testing.assert_allclose(dense.reshape(3, 3, 3), np.einsum("ki,j->ijk", a, b))


def test_orthonormalised_drops_what_depends():
    one, two = (np.array([0, 1]), np.ones(2)), (np.array([2]), np.ones(1))
    both = (np.array([0, 1, 2]), np.ones(3))
    basis = orthonormalised(4, [one, two, both])
    assert basis.shape == (4, 2)
    np.testing.assert_allclose(basis.T @ basis, np.eye(2), atol=1e-12)
    assert orthonormalised(4, []).shape == (4, 0)
