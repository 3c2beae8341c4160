"""The hard-constrained network."""

import pytest
import torch
from compliance.networks import NetworkSuite

from softsym.metrics import equivariance_error
from softsym.networks import EMLP, SoftEMLP


class TestEMLP(NetworkSuite):
    def make(self, seed=0):
        return EMLP("2T0 + T1", "T2", "O(2)@xy", channels=27, hidden_layers=2, seed=seed)

    def test_gradient_reaches_every_parameter(self):
        network = self.make()
        network(self.inputs(32)).square().sum().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.any() or not network.get_parameter(name).requires_grad, name


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("O(3)", None),
        ("O(2)@xy", "O(3)"),
        ("Reflect(3)*Reflect(3, 1)", "O(3)"),
        ("SO(3)", "SO(3)*Scaling(3)"),
        ("Scaling(3)", "SO(3)*Scaling(3)"),
        ("SO(3)*Scaling(3)", None),
        ("Trivial(3)", "O(3)"),
    ],
)
def test_exactly_equivariant_under_its_group_after_a_step(name, largest):
    network = EMLP("2T0 + 2T1", "T1", name, largest, channels=30, hidden_layers=2).double()
    x = torch.randn(40, 8, generator=torch.Generator().manual_seed(0)).double()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3)
    network(x).square().mean().backward()
    optimizer.step()
    assert network(x).abs().max() > 1e-6
    assert equivariance_error(network, "2T0 + 2T1", "T1", name, x) < 1e-7


def test_not_more_symmetric_than_its_group():
    network = EMLP("2T1", "T1", "O(2)@xy", "O(3)", channels=30).double()
    x = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)).double()
    assert equivariance_error(network, "2T1", "T1", "O(2)@yz", x) > 0.05


def test_same_layout_as_the_soft_network():
    soft = SoftEMLP("5T0 + 5T1", "T2", "O(3)")
    hard = EMLP("5T0 + 5T1", "T2", "O(2)@xy", "O(3)")
    count = [sum(p.numel() for p in network.parameters()) for network in (soft, hard)]
    assert count[0] - count[1] == 3 * 216  # the soft part of the gates


def test_of_the_trivial_group_equals_the_soft_network_without_soft_gates():
    settings = {"channels": 20, "hidden_layers": 2, "seed": 3}
    hard = EMLP("T0 + T1", "T1", "Trivial(3)", "O(3)", **settings)
    soft = SoftEMLP("T0 + T1", "T1", "O(3)", **settings)
    for block in soft.blocks:
        torch.nn.init.zeros_(block.gate.w_gated)
    x = torch.randn(5, 4)
    torch.testing.assert_close(hard(x), soft(x))


def test_a_group_of_another_space():
    with pytest.raises(ValueError, match=r"O\(2\) acts on R\^2"):
        EMLP("T1", "T1", "O(2)", "O(3)", channels=6)


def test_a_group_that_the_largest_cannot_hold():
    with pytest.raises(
        ValueError, match=r"cannot be equivariant under SL\(3\) .* Set largest_group"
    ):
        EMLP("3T1", "T1", "SL(3)", "O(3)", channels=27)
