"""Orbits of index tuples."""

import pytest
import torch

from softsym.symmetries import S
from softsym.symmetries.limits import TooLargeError
from softsym.symmetries.orbits import orbit_basis


def test_orbits_of_a_swap():
    basis = orbit_basis(torch.tensor([[1, 0]]), 2)
    swapped = basis.reshape(2, 2, -1).flip(0, 1)
    torch.testing.assert_close(swapped, basis.reshape(2, 2, -1))
    torch.testing.assert_close(basis.T @ basis, torch.eye(2, dtype=torch.float64))


def test_no_index_is_one_number():
    assert orbit_basis(torch.tensor([[1, 0, 2]]), 0).tolist() == [[1.0]]


@pytest.mark.parametrize(("rank", "bell"), list(enumerate([1, 1, 2, 5, 15, 52])))
def test_orbits_of_all_permutations_are_counted_by_bell_numbers(rank, bell):
    assert orbit_basis(S(max(rank, 1)).permutations, rank).shape[1] == bell


def test_orbits_too_large_for_memory_are_refused(monkeypatch):
    monkeypatch.setattr("softsym.symmetries.limits.memory_limit", lambda: 2**20)
    with pytest.raises(TooLargeError, match="Orbits of 1000000 index tuples needs"):
        orbit_basis(S(10).permutations, 6)
