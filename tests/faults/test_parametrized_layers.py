"""Layers whose weight is computed: penalised as applied, or named in the log."""

import logging
import warnings
from itertools import pairwise

import pytest
import torch
from compliance.regularizers import Holder
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune
from torch.nn.utils.spectral_norm import spectral_norm as old_spectral_norm
from torch.nn.utils.weight_norm import WeightNorm

from softsym.networks import TypedLinear
from softsym.regularizers import ProjectionRegularizer, WeightDecay
from softsym.symmetries import equivariant_projector, rep

TYPES = (rep("T0 + T1"), rep("2T1"), rep("T2"))


class Doubled(nn.Module):
    def forward(self, weight):
        return 2 * weight


def pruned_twice(layer):
    prune.random_unstructured(layer, "weight", amount=0.3)
    prune.l1_unstructured(layer, "weight", amount=3)


KINDS = {
    "plain": lambda layer: None,
    "weight_norm": parametrizations.weight_norm,
    "spectral_norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
    "of one's own": lambda layer: parametrize.register_parametrization(layer, "weight", Doubled()),
    "two of one's own": lambda layer: [
        parametrize.register_parametrization(layer, "weight", Doubled()) for _ in range(2)
    ],
    "bias too": lambda layer: parametrize.register_parametrization(layer, "bias", Doubled()),
    "pruned": lambda layer: prune.l1_unstructured(layer, "weight", amount=0.5),
    "pruned bias": lambda layer: prune.random_unstructured(layer, "bias", amount=2),
    "pruned twice": pruned_twice,
    "older weight_norm": lambda layer: WeightNorm.apply(layer, "weight", 0),
    "older spectral_norm": old_spectral_norm,
}


def network(change):
    """Two typed layers, the first of which is changed."""
    torch.manual_seed(0)
    layers = [TypedLinear(a, b, 3).double() for a, b in pairwise(TYPES)]
    with warnings.catch_warnings():  # the older norms are deprecated
        warnings.simplefilter("ignore")
        change(layers[0])
    return nn.Sequential(*layers)


def applied(layer):
    """The weight and bias of a linear layer as its outputs show them."""
    one = torch.eye(layer.in_features, dtype=torch.float64)
    bias = layer(0 * one[:1])[0]
    return (layer(one) - bias).T, bias


def per_by_definition(layers):
    total = 0.0
    for layer in layers:
        weight, bias = applied(layer)
        for vector, kind in (
            (weight.reshape(-1), layer.rep_in >> layer.rep_out),
            (bias, layer.rep_out),
        ):
            total = (
                total + (vector - equivariant_projector("O(3)", kind) @ vector).square().sum() / 2
            )
    return total


def decay_by_definition(layers):
    return sum(part.square().sum() / 2 for layer in layers for part in applied(layer))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("regularizer", "definition"),
    [
        (ProjectionRegularizer("O(3)", 1.0), per_by_definition),
        (WeightDecay(1.0), decay_by_definition),
    ],
    ids=["projection", "weight decay"],
)
def test_the_applied_weight_is_penalised_and_its_parameters_get_the_gradient(
    kind, regularizer, definition
):
    layers = network(KINDS[kind])
    regularizer.bind(layers)
    for _ in range(2):  # before and after a step
        layers.train()
        layers(torch.ones(1, 4, dtype=torch.float64))
        state = {k: v.clone() for k, v in layers.state_dict().items()}
        value = regularizer.penalty(Holder(layers), None, None)
        assert all(torch.equal(v, state[k]) for k, v in layers.state_dict().items())
        layers.eval()  # in training, every pass changes the vectors of spectral norms
        expected = definition(layers)
        assert value.item() == pytest.approx(expected.item(), rel=1e-9)
        parameters = list(layers.parameters())
        for one, other in zip(
            torch.autograd.grad(value, parameters),
            torch.autograd.grad(expected, parameters),
            strict=True,
        ):
            torch.testing.assert_close(one, other, atol=1e-8, rtol=1e-6)
        with torch.no_grad():
            for parameter in parameters:
                parameter.add_(0.1 * torch.randn_like(parameter))


class Computed(nn.Module):
    """A typed layer that computes its weight in a way of its own."""

    def __init__(self):
        super().__init__()
        self.rep_in, self.rep_out = rep("T1"), rep("T1")
        self.factor = nn.Parameter(torch.ones(3, 3))

    @property
    def weight(self):
        return self.factor @ self.factor.T


def test_what_is_bound_and_what_is_not_is_said_once(caplog):
    layers = nn.Sequential(TypedLinear(rep("T1"), rep("T1"), 3), Computed(), nn.Linear(3, 4))
    with caplog.at_level(logging.INFO, "softsym"):
        for name in ("O(3)", "SO(3)"):
            ProjectionRegularizer(name, 1.0).bind(layers)
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        (
            "INFO",
            "Projection regularizers measure 2 of 5 weight tensors, 32% of parameters; not bound: "
            "1.factor, 2.weight, 2.bias.",
        ),
        (
            "WARNING",
            "No projection regularizer measures these layers, which have types but no parameter "
            "called weight: 1.",
        ),
    ]


def test_a_network_of_such_layers_alone_is_refused_by_name():
    with pytest.raises(ValueError, match=r"finds no typed layer in Sequential.* left out: 0\."):
        ProjectionRegularizer("O(3)", 1.0).bind(nn.Sequential(Computed()))
