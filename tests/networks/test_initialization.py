"""Initial weights of typed layers."""

import pytest
import torch
from torch import nn

from softsym.networks import SoftEMLP, TypedLinear
from softsym.networks.initialization import initialize
from softsym.symmetries import group, project, rep

G = group("O(2)@xy")


def started(how, seed=0, rep_out="T2 + T0"):
    network = nn.Sequential(
        TypedLinear(rep("2T0 + T1"), rep(rep_out), 3), TypedLinear(rep("T1"), rep("T1"), 3, False)
    ).double()
    initialize(network, how, G, seed)
    return network


def test_orthogonal():
    for layer in started("orthogonal"):
        W = layer.weight.detach()
        torch.testing.assert_close(W.T @ W, torch.eye(W.shape[1]).double())


def test_biases_are_uniform_up_to_one_over_the_root_of_the_width():
    bias = started("orthogonal", rep_out="400T0")[0].bias.detach()
    assert bias.min() >= 0
    assert 0.045 < bias.max() < 0.05
    assert float(bias.mean()) == pytest.approx(0.025, abs=0.003)


def test_half_equivariant_is_half_way_to_the_projection():
    for half, whole in zip(started("half_equivariant"), started("orthogonal"), strict=True):
        kind, flat = whole.rep_in >> whole.rep_out, whole.weight.detach().reshape(-1)
        expected = (flat + project(G, kind, flat)) / 2
        torch.testing.assert_close(half.weight.detach().reshape(-1), expected)
        if whole.bias is not None:
            assert torch.equal(half.bias, whole.bias)


def test_residual_is_the_projection_and_a_thousandth():
    for started_so, whole in zip(started("residual"), started("orthogonal"), strict=True):
        kind, flat = whole.rep_in >> whole.rep_out, whole.weight.detach().reshape(-1)
        expected = project(G, kind, flat) + 1e-3 * flat
        torch.testing.assert_close(started_so.weight.detach().reshape(-1), expected)


def test_networks_take_the_group_of_their_initialisation():
    settings = {"channels": 12, "hidden_layers": 1, "init": "residual"}
    ours = SoftEMLP("2T1", "T1", "O(3)", init_group="O(2)@xy", **settings)
    plain = SoftEMLP("2T1", "T1", "O(3)", **settings)
    assert not torch.equal(ours.head.weight, plain.head.weight)
    for network, name in ((ours, "O(2)@xy"), (plain, "O(3)")):
        kind, flat = network.head.rep_in >> network.head.rep_out, network.head.weight.reshape(-1)
        assert (flat - project(name, kind, flat)).norm() < 0.05 * flat.norm()


def test_the_seed_decides():
    assert torch.equal(started("orthogonal")[0].weight, started("orthogonal")[0].weight)
    assert not torch.equal(started("orthogonal")[0].weight, started("orthogonal", 1)[0].weight)


def test_unknown():
    with pytest.raises(ValueError, match=r"one of orthogonal, half_.*, residual; got 'zeros'"):
        started("zeros")
