"""Acting axis by axis is acting by the whole matrix."""

import pytest
import torch

from symmetries import T, group
from symmetries.axes import act, act_infinitesimally


@pytest.mark.parametrize("tensor", [T(0), T(1), T(0, 1), T(2, 1), T(0, 3)])
def test_equals_the_matrix_of_the_representation(tensor):
    generator = torch.Generator().manual_seed(0)
    g = group("GL(3)").sample(1, generator)[0]
    v = torch.randn(tensor.size(3), 4, dtype=torch.float64, generator=generator)
    torch.testing.assert_close(act(tensor, g, v), tensor.rho(g) @ v)
    torch.testing.assert_close(act_infinitesimally(tensor, g, v), tensor.drho(g) @ v)
