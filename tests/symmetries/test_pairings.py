"""Spanning sets of invariants, against counts and definitions."""

import itertools

import pytest
import torch

from symmetries.pairings import levi_civita, orthonormalised, perfect_matchings, spanning_tensor


def normal(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize(("count", "matchings"), [(0, 1), (2, 1), (4, 3), (6, 15), (8, 105)])
def test_number_of_matchings(count, matchings):
    found = [frozenset(m) for m in perfect_matchings(tuple(range(count)))]
    assert len(set(found)) == len(found) == matchings
    for matching in found:
        assert sorted(itertools.chain(*matching)) == list(range(count))


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_levi_civita_is_the_determinant(dim):
    matrix, value = normal(dim, dim), levi_civita(dim)
    for row in matrix:
        value = torch.tensordot(row, value, dims=1)
    torch.testing.assert_close(value, torch.linalg.det(matrix))


def test_spanning_tensor_is_the_outer_product():
    a, b = normal(3, 3), normal(3)
    positions, values = spanning_tensor(3, 3, [((2, 0), a), ((1,), b)])
    dense = torch.zeros(27, dtype=torch.float64)
    dense[positions] = values
    torch.testing.assert_close(dense.reshape(3, 3, 3), torch.einsum("ki,j->ijk", a, b))


def test_orthonormalised_drops_what_depends():
    def ones(*positions):
        return torch.tensor(positions), torch.ones(len(positions), dtype=torch.float64)

    basis = orthonormalised(4, [ones(0, 1), ones(2), ones(0, 1, 2)])
    assert basis.shape == (4, 2)
    torch.testing.assert_close(basis.T @ basis, torch.eye(2, dtype=torch.float64))
    assert orthonormalised(4, []).shape == (4, 0)
