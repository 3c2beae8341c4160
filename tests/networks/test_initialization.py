"""How typed layers start."""

import pytest
import torch
from torch import nn

from networks import TypedLinear
from networks.initialization import initialize
from symmetries import group, project, rep

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


def test_the_seed_decides():
    assert torch.equal(started("orthogonal")[0].weight, started("orthogonal")[0].weight)
    assert not torch.equal(started("orthogonal")[0].weight, started("orthogonal", 1)[0].weight)


def test_unknown():
    with pytest.raises(ValueError, match="one of orthogonal, half_equivariant; got 'zeros'"):
        started("zeros")
