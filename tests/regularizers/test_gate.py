"""||w_gated||^2."""

import pytest
import torch
from compliance.regularizers import Holder, RegularizerSuite, small_network
from torch import nn

from softsym.regularizers import GateRegularizer


def gates_of(network):
    return [p for name, p in network.named_parameters() if name.endswith("w_gated")]


class TestGate(RegularizerSuite):
    def make(self, strength=1.0):
        return GateRegularizer(strength)

    def satisfy(self, network):
        with torch.no_grad():
            for gate in gates_of(network):
                gate.zero_()

    def test_value_and_gradient(self):
        network = small_network()
        for number, gate in enumerate(gates_of(network)):
            nn.init.constant_(gate, number + 1.0)
        value = self.value(self.bound(network), network)
        assert value.item() == sum(
            (n + 1) ** 2 * g.numel() for n, g in enumerate(gates_of(network))
        )
        value.backward()
        for name, parameter in network.named_parameters():
            if name.endswith("w_gated"):
                assert torch.equal(parameter.grad, 2 * parameter)
            else:
                assert parameter.grad is None or not parameter.grad.any()


def test_finds_gates_of_any_module():
    module = nn.Linear(1, 1)
    module.w_gated = nn.Parameter(torch.tensor([3.0, 4.0]))
    regularizer = GateRegularizer(1.0)
    regularizer.bind(nn.Sequential(module))
    assert regularizer.penalty(Holder(module), None, None).item() == 25.0


def test_says_how_to_leave_it_out():
    regularizer = GateRegularizer(1.0)
    regularizer.name = "gate"
    with pytest.raises(ValueError, match=r"'gate' finds no parameter w_gated in Linear.*'~regu"):
        regularizer.bind(nn.Linear(2, 2))
