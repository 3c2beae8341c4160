"""Orbits of index tuples."""

import torch

from symmetries.orbits import orbit_basis


def test_orbits_of_a_swap():
    basis = orbit_basis(torch.tensor([[1, 0]]), 2)
    swapped = basis.reshape(2, 2, -1).flip(0, 1)
    torch.testing.assert_close(swapped, basis.reshape(2, 2, -1))
    torch.testing.assert_close(basis.T @ basis, torch.eye(2, dtype=torch.float64))


def test_no_index_is_one_number():
    assert orbit_basis(torch.tensor([[1, 0, 2]]), 0).tolist() == [[1.0]]
