"""1/2 (||weights||^2 + ||biases||^2)."""

import pytest
import torch
from compliance.regularizers import Holder, RegularizerSuite, small_network
from torch import nn

from softsym.regularizers import WeightDecay


class TestWeightDecay(RegularizerSuite):
    def make(self, strength=1.0):
        return WeightDecay(strength)

    def satisfy(self, network):
        with torch.no_grad():
            for layer in network.modules():
                if isinstance(layer, nn.Linear):
                    layer.weight.zero_()
                    layer.bias.zero_()

    def test_leaves_gates_and_bilinear_terms_alone(self):
        network = small_network()
        self.value(self.bound(network), network).backward()
        for name, parameter in network.named_parameters():
            if ".linear." in name or name.startswith("head."):
                assert torch.equal(parameter.grad, parameter)
            else:
                assert parameter.grad is None


def test_value():
    network = nn.Sequential(nn.Linear(2, 1), nn.LayerNorm(1), nn.Linear(1, 1, bias=False))
    nn.init.constant_(network[0].weight, 2.0)
    nn.init.constant_(network[0].bias, 3.0)
    nn.init.constant_(network[2].weight, 4.0)
    regularizer = WeightDecay(1.0)
    regularizer.bind(network)
    expected = 0.5 * (2 * 2**2 + 3**2 + 4**2)
    assert regularizer.penalty(Holder(network), None, None).item() == pytest.approx(expected)
