"""The projection regularizer: binding, all groups in one pass, protocol."""

import pickle

import pytest
import torch
from compliance.regularizers import Holder, RegularizerSuite, small_network
from torch import nn

from softsym.networks import MLP
from softsym.regularizers import ProjectionRegularizer
from softsym.regularizers.projection.projection_pass import ProjectionPass
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import group, project, rep

NAMES = ("O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)")


class TestProjection(RegularizerSuite):
    def make(self, strength=1.0):
        return ProjectionRegularizer("O(2)@xy", strength)

    def satisfy(self, network):
        G = group("O(2)@xy")
        with torch.no_grad():
            for layer in typed_layers(network):
                flat = project(G, layer.rep_in >> layer.rep_out, layer.weight.reshape(-1))
                layer.weight.copy_(flat.view_as(layer.weight))
                layer.bias.copy_(project(G, layer.rep_out, layer.bias))


def bound(network, names=NAMES):
    module = Holder(network)
    module.regularizers = {name: ProjectionRegularizer(name, 1.0) for name in names}
    for regularizer in module.regularizers.values():
        regularizer.setup(None, module, "fit")
    return module


def together(module):
    return ProjectionRegularizer.penalties(list(module.regularizers.values()), module, None, None)


def alone(network, names=NAMES):
    values = []
    for name in names:
        regularizer = ProjectionRegularizer(name, 1.0)
        regularizer.bind(network)
        values.append(regularizer.penalty(Holder(network), None, None))
    return values


def gradients(network, value):
    parts = torch.autograd.grad(value, list(network.parameters()), materialize_grads=True)
    return torch.cat([g.flatten() for g in parts])


def change(network):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)


def test_together_equals_one_by_one():
    network = small_network()
    for one, other in zip(together(bound(network)), alone(network), strict=True):
        torch.testing.assert_close(one, other)
        torch.testing.assert_close(gradients(network, one), gradients(network, other))


def test_one_pass_serves_all_in_each_step(monkeypatch):
    module = bound(small_network())
    passes = []
    original = ProjectionPass.penalties
    monkeypatch.setattr(
        ProjectionPass, "penalties", lambda self: passes.append(self) or original(self)
    )
    together(module)
    together(module)
    assert len(passes) == 2
    assert len(set(map(id, passes))) == 1


def test_gradients_accumulate_over_two_passes_without_a_change_of_weights():
    network = small_network()
    module = bound(network)
    expected = 2 * gradients(network, sum(alone(network)))
    for _ in range(2):
        sum(together(module)).backward()
    summed = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters()]
    torch.testing.assert_close(torch.cat([g.flatten() for g in summed]), expected)


def test_penalties_of_one_pass_may_be_differentiated_one_by_one():
    network = small_network()
    for value in together(bound(network)):
        value.backward()
    expected = gradients(network, sum(alone(network)))[: network.blocks[0].linear.weight.numel()]
    torch.testing.assert_close(network.blocks[0].linear.weight.grad.flatten(), expected)


def test_follows_a_change_of_weights():
    network = small_network()
    module = bound(network)
    together(module)
    change(network)
    for one, other in zip(together(module), alone(network), strict=True):
        torch.testing.assert_close(one, other)


def test_regularizers_of_different_networks_have_no_common_pass():
    one, other = small_network(0), small_network(1)
    regularizers = [ProjectionRegularizer("O(3)", 1.0) for _ in range(2)]
    for regularizer, network in zip(regularizers, (one, other), strict=True):
        regularizer.bind(network)
    values = ProjectionRegularizer.penalties(regularizers, None, None, None)
    torch.testing.assert_close(values, [*alone(one, ["O(3)"]), *alone(other, ["O(3)"])])


def test_binds_again_to_another_network():
    module = bound(small_network(0))
    other = small_network(1)
    module.network = other
    for regularizer in module.regularizers.values():
        regularizer.setup(None, module, "fit")
    for one, expected in zip(together(module), alone(other), strict=True):
        torch.testing.assert_close(one, expected)


def test_a_pickle_leaves_the_network_behind():
    copy = pickle.loads(pickle.dumps(next(iter(bound(small_network()).regularizers.values()))))
    with pytest.raises(RuntimeError, match="is not bound"):
        copy.penalty(None, None, None)


def test_any_linear_layer_that_carries_types_takes_part():
    layer = nn.Linear(3, 3, bias=False)
    layer.rep_in = layer.rep_out = rep("T1")
    nn.init.zeros_(layer.weight)
    regularizer = ProjectionRegularizer("O(3)", 1.0)
    regularizer.bind(nn.Sequential(nn.Linear(1, 3), layer))
    with torch.no_grad():
        layer.weight[0, 0] = 3.0
    # the nearest multiple of the identity is 1: residual diag(2, -1, -1)
    assert regularizer.penalty(Holder(layer), None, None).item() == pytest.approx(3.0)


def test_dim_for_names_that_leave_it_open():
    assert ProjectionRegularizer("O(2)@xy", 1.0, dim=2).group == group("O(2)")
    with pytest.raises(ValueError, match=r"acts on R\^3, but the base space here is R\^2"):
        ProjectionRegularizer("O(3)", 1.0, dim=2)


def test_errors():
    regularizer = ProjectionRegularizer("O(3)", 1.0)
    with pytest.raises(RuntimeError, match="'ProjectionRegularizer' is not bound; call setup"):
        regularizer.penalty(Holder(nn.Identity()), None, None)
    with pytest.raises(ValueError, match=r"no typed layer in MLP\. Use FunctionRegularizer"):
        regularizer.bind(MLP("T1", "T1", dim=3))
    plane = ProjectionRegularizer("O(2)", 1.0)
    plane.name = "b"
    with pytest.raises(ValueError, match=r"'b' cannot bind to layer 'blocks.0.linear': over R\^2"):
        plane.bind(small_network())
    with pytest.raises(ValueError, match="Unknown group 'Oo'"):
        ProjectionRegularizer("Oo(3)", 1.0)
