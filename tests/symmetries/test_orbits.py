"""Orbits of index tuples."""

import pytest
import torch

from softsym.symmetries import S
from softsym.symmetries.limits import TooLargeError
from softsym.symmetries.orbits import orbit_basis, partition_basis


def test_orbits_of_a_swap():
    basis = orbit_basis(torch.tensor([[1, 0]]), 2)
    swapped = basis.reshape(2, 2, -1).flip(0, 1)
    torch.testing.assert_close(swapped, basis.reshape(2, 2, -1))
    torch.testing.assert_close(basis.T @ basis, torch.eye(2, dtype=torch.float64))


def test_no_index_is_one_number():
    assert orbit_basis(torch.tensor([[1, 0, 2]]), 0).tolist() == [[1.0]]


@pytest.mark.parametrize(("n", "rank"), [(1, 3), (2, 0), (2, 1), (2, 5), (3, 4), (4, 3), (5, 4)])
def test_partitions_are_the_orbits_of_all_permutations(n, rank):
    by_orbits, by_partitions = orbit_basis(S(n).permutations, rank), partition_basis(n, rank)
    assert by_orbits.shape == by_partitions.shape
    torch.testing.assert_close(by_partitions @ by_partitions.T, by_orbits @ by_orbits.T)


@pytest.mark.parametrize(("rank", "bell"), list(enumerate([1, 1, 2, 5, 15, 52])))
def test_partitions_are_counted_by_bell_numbers(rank, bell):
    assert partition_basis(max(rank, 1), rank).shape[1] == bell


def test_orbits_too_large_for_memory_are_refused(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 2**20)
    for basis in (lambda: partition_basis(10, 6), lambda: orbit_basis(S(10).permutations, 6)):
        with pytest.raises(TooLargeError, match="Orbits of 1000000 index tuples needs"):
            basis()
