"""Layers are recognised by their attributes."""

import pytest
import torch
from torch import nn

from softsym.networks import TypedLinear
from softsym.regularizers.projection.typed_layers import require_typed_layers, typed_layers
from softsym.symmetries import group, rep


def plain_with_types():
    layer = nn.Linear(3, 4)
    layer.rep_in, layer.rep_out = rep("T1"), rep("T0 + T1")
    return layer


def test_by_protocol_in_order_with_paths():
    network = nn.Sequential(
        plain_with_types(), nn.SiLU(), nn.Sequential(TypedLinear(rep("T1"), rep("T0"), 3, False))
    )
    first, second = typed_layers(network)
    assert (first.name, second.name) == ("0", "2.0")
    assert first.weight is network[0].weight
    assert (first.bias is network[0].bias, second.bias) == (True, None)
    assert (first.rep_in, first.rep_out) == (rep("T1"), rep("T0 + T1"))


def test_a_network_that_is_itself_a_layer():
    assert typed_layers(plain_with_types())[0].name == "Linear"


def test_others_are_passed_over():
    typed_without_weight = nn.Identity()
    typed_without_weight.rep_in = typed_without_weight.rep_out = rep("T1")
    assert typed_layers(nn.Sequential(nn.Linear(3, 3), typed_without_weight)) == []


def test_types_may_be_text():
    layer = nn.Linear(3, 9)
    layer.rep_in, layer.rep_out = "T1", "T2"
    (typed,) = typed_layers(nn.Sequential(layer))
    assert (typed.rep_in, typed.rep_out) == (rep("T1"), rep("T2"))


def test_half_a_type_or_a_wrong_one_is_no_silent_skip():
    layer = nn.Linear(3, 3)
    layer.rep_in = "T1"
    with pytest.raises(ValueError, match="rep_out of layer '0': A representation is given by text"):
        typed_layers(nn.Sequential(layer))
    layer.rep_out = "Q1"
    with pytest.raises(ValueError, match="rep_out of layer '0': Cannot read the representation"):
        typed_layers(nn.Sequential(layer))


def test_no_typed_layer():
    message = r"'xy' finds no typed layer in Linear\. Use FunctionRegularizer .*network=soft_emlp"
    with pytest.raises(ValueError, match=message):
        require_typed_layers(nn.Linear(2, 2), group("O(3)"), "xy")


def test_a_layer_of_another_space():
    network = nn.Sequential(plain_with_types())
    message = (
        r"'xy' cannot bind to layer '0': over R\^2, where O\(2\) acts, T1 >> T0 \+ T1 is a matrix "
        r"of \(3, 2\), but the weight is \(4, 3\)"
    )
    with pytest.raises(ValueError, match=message):
        require_typed_layers(network, group("O(2)"), "xy")
    assert torch.equal(
        network[0].weight, require_typed_layers(network, group("O(3)"), "")[0].weight
    )
