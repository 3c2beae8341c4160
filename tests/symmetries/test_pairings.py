"""Spanning sets of invariants, against counts and definitions."""

import itertools

import pytest
import torch
from brute_force import projector

from softsym.symmetries import T, equivariant_projector, group
from softsym.symmetries.limits import TooLargeError
from softsym.symmetries.pairings import (
    form_invariants,
    levi_civita,
    linear_invariants,
    orthonormal_span,
    perfect_matchings,
    spanning_tensor,
)
from softsym.symmetries.partitions import pairings_count, permutations_count


def normal(*shape):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize(("count", "matchings"), [(0, 1), (2, 1), (4, 3), (6, 15), (8, 105)])
def test_number_of_matchings(count, matchings):
    all_of_them = [frozenset(m) for m in perfect_matchings(tuple(range(count)))]
    assert len(set(all_of_them)) == len(all_of_them) == matchings
    for matching in all_of_them:
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


def test_the_orthonormal_span_drops_dependent_vectors():
    def ones(*positions):
        return torch.tensor(positions), torch.ones(len(positions), dtype=torch.float64)

    basis = orthonormal_span(4, [ones(0, 1), ones(2), ones(0, 1, 2)])
    assert basis.shape == (4, 2)
    torch.testing.assert_close(basis.T @ basis, torch.eye(2, dtype=torch.float64))
    assert orthonormal_span(4, []).shape == (4, 0)


@pytest.mark.parametrize("count", [0, 2, 4, 6, 8, 10])
@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_matchings_without_long_chains_are_as_many_as_invariants(count, dim):
    indices = tuple(range(count))
    assert len(list(perfect_matchings(indices, dim))) == pairings_count(count, dim, skew=False)
    nested = list(perfect_matchings(indices, dim, nested=True))
    assert len(nested) == pairings_count(count, 2 * dim, skew=True)


@pytest.mark.parametrize(
    ("name", "p", "q"),
    [
        *(("O(1)", 4, 0), ("O(1)", 3, 3), ("O(2)", 4, 0), ("O(2)", 6, 0), ("O(2)", 3, 1)),
        *(("SO(2)", 4, 0), ("SO(2)", 3, 2), ("SO(3)", 5, 0), ("SO(1)", 3, 0), ("Sp(1)", 4, 0)),
        *(("Sp(1)", 3, 3), ("Sp(2)", 2, 1), ("GL(1)", 2, 2), ("GL(2)", 3, 3), ("GL(2)", 2, 3)),
        *(("SL(2)", 5, 1), ("SL(2)", 1, 3), ("SL(3)", 1, 4), ("O11", 4, 0), ("SO11p", 2, 2)),
    ],
)
def test_the_pairings_left_span_all_invariants(name, p, q):
    G = group(name)
    torch.testing.assert_close(equivariant_projector(G, T(p, q)), projector(G, T(p, q)))


@pytest.mark.parametrize("dim", [1, 2, 3])
@pytest.mark.parametrize("rank", [0, 2, 3, 4, 6])
def test_pairings_without_long_chains_are_independent(dim, rank):
    metric = torch.eye(dim, dtype=torch.float64)
    assert form_invariants(metric, rank, 0).shape == (dim**rank, pairings_count(rank, dim, False))


@pytest.mark.parametrize(("dim", "k"), [(1, 3), (2, 1), (2, 3), (2, 4), (3, 2), (3, 3)])
def test_permutations_without_long_chains_are_independent(dim, k):
    for antisymmetric in (False, True):
        basis = linear_invariants(dim, k, k, antisymmetric)
        assert basis.shape == (dim ** (2 * k), permutations_count(k, dim))


@pytest.mark.parametrize("metric", [[1.0, 1.0], [-1.0, 1.0], [2.0, -0.5]])
def test_the_metric_joins_vectors_its_inverse_duals(metric):
    form = torch.diag(torch.tensor(metric, dtype=torch.float64))
    vectors, duals = form_invariants(form, 2, 0), form_invariants(form, 0, 2)
    for basis, wanted in ((vectors, torch.linalg.inv(form)), (duals, form)):
        unit = wanted.reshape(-1, 1) / wanted.norm()
        torch.testing.assert_close(basis @ basis.T, unit @ unit.T)


def test_too_many_pairings_are_refused(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 2**20)
    message = r"The basis of 6561 numbers, spanned by 91 tensors, needs .* Use tensors of lower"
    with pytest.raises(TooLargeError, match=message):
        form_invariants(torch.eye(3, dtype=torch.float64), 8, 0)
    with pytest.raises(TooLargeError, match="The basis of 65536 numbers, spanned by 1430 tensors"):
        linear_invariants(2, 8, 8, antisymmetric=False)
