"""The asymmetry of functions whose asymmetry is known."""

import math
from types import SimpleNamespace

import pytest
import torch

from softsym.metrics.symmetry_tests.asymmetry import asymmetries
from softsym.regularizers import FunctionRegularizer
from softsym.symmetries import group, rep

GROUPS = {"xy": group("O(2)@xy", dim=3), "reflect": group("Reflect(3)")}
TYPES = rep("T1"), rep("T0")


def targets(x, share=1.0):
    """|x|^2 plus a share of x_0^2 - x_1^2, which O(2)@xy takes away and reflections keep."""
    return (x.square().sum(1) + share * (x[:, 0] ** 2 - x[:, 1] ** 2))[:, None]


class Exactly(torch.nn.Module):
    def forward(self, x):
        return targets(x)


def measured(model, n=4000):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return x, *asymmetries(model, x, targets(x), GROUPS, TYPES)


def test_a_function_that_exaggerates():
    """f - Qf is twice that of the targets: a share of 1/2 symmetrises it rightly."""
    _, unexplained, found = measured(lambda x: targets(x, 2.0))
    # Var |x|^2 = 6, Var (x_0^2 - x_1^2) = 4
    assert unexplained == pytest.approx(4 / 10, rel=0.1)
    assert found["xy"].square == pytest.approx(2 * 16 / 10, rel=0.1)
    assert found["xy"].estimate == pytest.approx(math.sqrt(4 / 10), rel=0.1)
    assert abs(found["xy"].alpha - 0.5) < 4 * found["xy"].alpha_error < 0.1


def test_a_symmetric_function_has_no_share():
    _, _, found = measured(lambda x: targets(x, 0.0))
    assert found["xy"].square == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(found["xy"].alpha)


def test_the_square_is_what_a_function_regularizer_measures():
    x, _, found = measured(targets)
    penalty = FunctionRegularizer("O(2)@xy", 1.0, "T1", "T0", dim=3)
    network = Exactly()
    penalty.bind(network)
    module = SimpleNamespace(network=network, global_step=0)
    y = targets(x)
    assert float(penalty.penalty(module, (x, y), y)) == pytest.approx(found["xy"].square, rel=0.1)
