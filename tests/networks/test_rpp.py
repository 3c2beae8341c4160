"""Residual pathway priors."""

import pytest
import torch
from compliance.networks import NetworkSuite

from softsym.metrics import equivariance_error
from softsym.networks import EMLP, RPP, MixedRPP
from softsym.networks.gated import GatedNonlinearity

TYPES = ("2T0 + 2T1", "T1")


class TestRPP(NetworkSuite):
    def make(self, seed=0):
        return RPP("2T0 + T1", "T2", "O(3)", channels=27, hidden_layers=2, seed=seed)


class TestMixedRPP(NetworkSuite):
    def make(self, seed=0):
        return MixedRPP("2T0 + T1", "T2", "O(3)", "O(2)@xy", channels=27, seed=seed)


def inputs(n=40):
    return torch.randn(n, 8, generator=torch.Generator().manual_seed(0)).double()


def without(network, role):
    """Shuts the soft gates and one path."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, GatedNonlinearity):
                module.w_gated.zero_()
            if getattr(module, "role", None) == role:
                module.weight.zero_()
                module.bias.zero_()
    return network


def test_without_its_residual_path_it_is_the_hard_constrained_network():
    settings = {"channels": 27, "hidden_layers": 2, "seed": 4}
    rpp = without(RPP(*TYPES, "O(3)", **settings), "residual").double()
    hard = EMLP(*TYPES, "O(3)", **settings).double()
    torch.testing.assert_close(rpp(inputs()), hard(inputs()))


def test_the_residual_path_starts_at_a_thousandth():
    network = RPP(*TYPES, "O(3)", channels=27)
    for layer in (network.head, network.blocks[0].linear):
        torch.testing.assert_close(layer.residual.weight, 1e-3 * layer.equivariant.weight)
        torch.testing.assert_close(layer.residual.bias, 1e-3 * layer.equivariant.bias)


def test_starts_nearly_equivariant_and_may_leave():
    network = without(RPP(*TYPES, "O(3)", channels=27, hidden_layers=1), "none of them").double()
    start = equivariance_error(network, *TYPES, "O(3)", inputs())
    assert 1e-6 < start < 0.05
    with torch.no_grad():
        for layer in network.modules():
            if getattr(layer, "role", None) == "residual":
                layer.weight.mul_(1000)
    assert equivariance_error(network, *TYPES, "O(3)", inputs()) > 0.1


def test_mixed_keeps_what_both_groups_share_whatever_the_weights():
    network = MixedRPP(*TYPES, "O(3)", "O(2)@xy", channels=27).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    without(network, "none of them")
    assert equivariance_error(network, *TYPES, "O(2)@xy", inputs()) < 1e-7
    assert equivariance_error(network, *TYPES, "O(2)@yz", inputs()) > 0.05


def test_weight_is_the_sum_of_the_paths():
    layer = MixedRPP(*TYPES, "O(3)", "O(2)@xy", channels=27).blocks[1].linear
    kind = layer.rep_in >> layer.rep_out
    from softsym.symmetries import project

    paths = (("O(3)", layer.equivariant), ("O(2)@xy", layer.residual))
    expected = sum(project(G, kind, path.weight.detach().reshape(-1)) for G, path in paths)
    torch.testing.assert_close(layer.weight.detach().reshape(-1), expected)
    assert "O(3), residual O(2)@xy" in repr(layer)


def test_groups_of_different_spaces():
    with pytest.raises(ValueError, match=r"O\(2\) acts on R\^2"):
        MixedRPP("T1", "T1", "O(3)", "O(2)", channels=6)
