"""The typed linear layer is a linear layer with types."""

import torch

from softsym.networks import TypedLinear
from softsym.symmetries import rep


def test_shapes_and_types():
    layer = TypedLinear(rep("2T0 + T1"), rep("T2"), 3)
    assert (layer.weight.shape, layer.bias.shape) == ((9, 5), (9,))
    assert (layer.rep_in, layer.rep_out) == (rep("2T0 + T1"), rep("T2"))
    x = torch.randn(4, 5)
    torch.testing.assert_close(layer(x), x @ layer.weight.T + layer.bias)


def test_without_bias():
    assert TypedLinear(rep("T1"), rep("T1"), 2, bias=False).bias is None


def test_prints_its_types():
    assert "2T0 + T1 >> T2" in repr(TypedLinear(rep("2T0 + T1"), rep("T2"), 3))
