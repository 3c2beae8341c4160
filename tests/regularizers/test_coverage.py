"""What is bound is said, and can be insisted on."""

import logging

import pytest
import torch
from compliance.regularizers import small_network
from torch import nn

from softsym.networks import TypedLinear
from softsym.regularizers import ProjectionRegularizer
from softsym.symmetries import rep

VECTOR = rep("T1")


def typed(layer):
    layer.rep_in = layer.rep_out = VECTOR
    return layer


def said(network, caplog):
    regularizer = ProjectionRegularizer("O(3)", 1.0)
    with caplog.at_level(logging.INFO, "softsym"):
        regularizer.bind(network)
        ProjectionRegularizer("SO(3)", 1.0).bind(network)
    assert caplog.text.count("Projection regularizers measure") == 1
    assert str(regularizer.coverage) in caplog.text
    return str(regularizer.coverage)


def test_one_typed_layer_of_three(caplog):
    network = nn.Sequential(
        nn.Linear(3, 3), nn.SiLU(), TypedLinear(VECTOR, VECTOR, 3), nn.LayerNorm(3), nn.Linear(3, 1)
    )
    assert said(network, caplog) == (
        "2 of 8 weight tensors, 35% of parameters; not bound: 0.weight, 0.bias, 3.weight, 3.bias, "
        "4.weight, 4.bias; nonlinearities that act on each number alone: 1 (SiLU)"
    )


def test_the_input_weights_of_attention_are_named(caplog):
    network = nn.Sequential(TypedLinear(VECTOR, VECTOR, 3), typed(nn.MultiheadAttention(3, 1)))
    assert "1.in_proj_weight, 1.in_proj_bias" in said(network, caplog)


@pytest.mark.parametrize("layer", [nn.LSTM(3, 3), nn.BatchNorm1d(3)])
def test_types_on_other_layers_do_not_pass_in_silence(layer, caplog):
    network = nn.Sequential(TypedLinear(VECTOR, VECTOR, 3), layer)
    assert "not bound: 1." in said(network, caplog)


def test_a_typed_lstm_alone_is_named():
    with pytest.raises(ValueError, match=r"Layers with types that are left out: 0\."):
        ProjectionRegularizer("O(3)", 1.0).bind(nn.Sequential(typed(nn.LSTM(3, 3))))


def test_parametrized_layers_are_whole():
    layer = typed(nn.utils.parametrizations.weight_norm(nn.Linear(3, 3)))
    regularizer = ProjectionRegularizer("O(3)", 1.0, strict=True)
    regularizer.bind(nn.Sequential(layer))
    assert regularizer.coverage.is_whole
    assert torch.isfinite(regularizer.penalty(None, None, None))


def test_strict_insists():
    message = "'mine' is strict, but measures 2 of 4 weight tensors, .*use FunctionRegularizer"
    network = nn.Sequential(TypedLinear(VECTOR, VECTOR, 3), nn.Linear(3, 1))
    with pytest.raises(ValueError, match=message.replace("use F", "use\\s?F")):
        ProjectionRegularizer("O(3)", 1.0, name="mine", strict=True).bind(network)
    loose = ProjectionRegularizer("O(3)", 1.0)
    loose.bind(small_network())
    assert "not bound" in str(loose.coverage)
