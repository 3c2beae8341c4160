"""Acting axis by axis equals acting by the whole matrix."""

import pytest
import torch

from softsym.symmetries import T, group
from softsym.symmetries.axes import apply, apply_derivative, permute


@pytest.mark.parametrize("tensor", [T(0), T(1), T(0, 1), T(2, 1), T(0, 3)])
def test_equals_the_matrix_of_the_representation(tensor):
    generator = torch.Generator().manual_seed(0)
    g = group("GL(3)").sample(1, generator)[0]
    v = torch.randn(tensor.size(3), 4, dtype=torch.float64, generator=generator)
    torch.testing.assert_close(apply(tensor.factors(g), v), tensor.rho(g) @ v)
    moved = apply_derivative(tensor.derivative_factors(g), v)
    torch.testing.assert_close(moved, tensor.drho(g) @ v)


def test_permuting_axes_is_acting_by_permutation_matrices():
    G = group("Z(4)")
    v = torch.randn(64, 5, dtype=torch.float64)
    moved = permute(G.permutations[0], 3, v)
    torch.testing.assert_close(moved, T(3).rho(G.discrete_generators[0]) @ v)
