"""The plain perceptron."""

import pytest
import torch
from compliance.networks import NetworkSuite
from torch import nn

from softsym.networks import MLP
from softsym.regularizers.projection.typed_layers import typed_layers


class TestMLP(NetworkSuite):
    def make(self, seed=0):
        return MLP("2T0 + T1", "T2", dim=3, channels=16, hidden_layers=2, seed=seed)


def test_layers():
    network = MLP("T1", "T0", dim=3, channels=7, hidden_layers=2)
    linear = [m for m in network.modules() if isinstance(m, nn.Linear)]
    assert [tuple(m.weight.shape) for m in linear] == [(7, 3), (7, 7), (1, 7)]
    x = torch.randn(4, 3)
    hidden = x
    for layer in linear[:-1]:
        mapped = layer(hidden)
        hidden = mapped * torch.sigmoid(mapped)
    torch.testing.assert_close(network(x), linear[-1](hidden))


def test_its_layers_have_no_types():
    assert typed_layers(MLP("T1", "T0", dim=3)) == []


@pytest.mark.parametrize("settings", [{"channels": 0}, {"hidden_layers": 0}])
def test_too_small(settings):
    with pytest.raises(ValueError, match="must be a whole number of at least 1; got"):
        MLP("T1", "T0", dim=3, **settings)
