"""The soft network: its size, and that its architecture allows exact equivariance."""

import pytest
import torch
from compliance.networks import NetworkSuite

from softsym.metrics import equivariance_error
from softsym.networks import SoftEMLP
from softsym.networks.gated import GatedNonlinearity
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import group, project


class TestOrthogonal(NetworkSuite):
    def make(self, seed=0):
        return SoftEMLP("2T0 + T1", "T2", "O(3)", channels=27, hidden_layers=2, seed=seed)


class TestWithDuals(NetworkSuite):
    dim = 2

    def make(self, seed=0):
        return SoftEMLP(
            "T0 + T1", "T(0,1)", "GL(2)", channels=12, init="half_equivariant", seed=seed
        )


def made_equivariant(network, G):
    """Every layer projected onto the group, and the soft part of the gates shut."""
    with torch.no_grad():
        for layer in typed_layers(network):
            kind = layer.rep_in >> layer.rep_out
            flat = project(G, kind, layer.weight.reshape(-1))
            layer.weight.copy_(flat.view_as(layer.weight))
            layer.bias.copy_(project(G, layer.rep_out, layer.bias))
        for module in network.modules():
            if isinstance(module, GatedNonlinearity):
                module.w_gated.zero_()
    return network


def inputs_for(network, G, n=20):
    width = network.rep_in.size(G.dim)
    return torch.randn(n, width, generator=torch.Generator().manual_seed(0)).double()


@pytest.mark.parametrize(
    ("largest", "name"),
    [
        ("O(3)", "O(3)"),
        ("O(3)", "SO(3)"),
        ("O(3)", "O(2)@xy"),
        ("SO(3)*Scaling(3)", "SO(3)*Scaling(3)"),
        ("SO(3)*Scaling(3)", "Scaling(3)"),
        ("GL(2)", "GL(2)"),
        ("GL(2)", "D(4)"),
        ("C(4)", "C(4)"),
    ],
)
def test_equivariant_once_its_layers_are(largest, name):
    G = group(name)
    network = SoftEMLP("2T0 + 2T1", "T1 + T0", largest, channels=30, hidden_layers=2).double()
    x = inputs_for(network, G)
    assert equivariance_error(network, "2T0 + 2T1", "T1 + T0", G, x) > 0.05
    made_equivariant(network, G)
    assert network(x).abs().max() > 1e-3
    assert equivariance_error(network, "2T0 + 2T1", "T1 + T0", G, x) < 1e-7


def test_exact_under_the_projected_group_only():
    G = group("O(2)@xy")
    network = made_equivariant(SoftEMLP("T0 + 2T1", "T1", "O(3)", channels=30).double(), G)
    x = inputs_for(network, G)
    assert equivariance_error(network, "T0 + 2T1", "T1", G, x) < 1e-7
    assert equivariance_error(network, "T0 + 2T1", "T1", "O(2)@yz", x) > 0.05


def test_the_size_of_the_paper():
    network = SoftEMLP("5T0 + 5T1", "T2", "O(3)", channels=128, hidden_layers=3)
    assert sum(p.numel() for p in network.parameters()) == 164_959
    shapes = [tuple(layer.weight.shape) for layer in typed_layers(network)]
    assert shapes == [(242, 20), (242, 216), (242, 216), (9, 216)]


def test_blocks_and_layers_do_not_start_alike():
    network = SoftEMLP("2T0 + T1", "T1", "O(3)", channels=27)
    second, third = network.blocks[1], network.blocks[2]
    assert not torch.equal(second.linear.weight, third.linear.weight)
    one, other = (next(b.bilinear.parameters()) for b in (second, third))
    assert not torch.equal(one, other)


def test_errors():
    with pytest.raises(
        ValueError, match="hidden_layers must be a whole number of at least 1; got 0"
    ):
        SoftEMLP("T1", "T1", "O(3)", hidden_layers=0)
    with pytest.raises(ValueError, match="channels must be a whole number of at least 1"):
        SoftEMLP("T1", "T1", "O(3)", channels=0)
    with pytest.raises(ValueError, match="init must be one of"):
        SoftEMLP("T1", "T1", "O(3)", channels=6, init="none")
    with pytest.raises(ValueError, match="Cannot read the representation"):
        SoftEMLP("what", "T1", "O(3)")
