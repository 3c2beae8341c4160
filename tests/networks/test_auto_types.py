"""Plain perceptrons whose hidden units are permuted by a finite group."""

import pytest
import torch
from torch import nn

from softsym.metrics import equivariance_error
from softsym.networks import MLP, auto_types
from softsym.regularizers import ProjectionRegularizer
from softsym.symmetries import group, project, rep
from softsym.symmetries.regular import Regular


def plain(width=21, activation=nn.ReLU):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(3, width), activation(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 9)
    )


@pytest.mark.parametrize("name", ["C(4)@xy", "D(3)@yz", "S(3)", "C(4)@xy*C(4)@yz"])
def test_projected_weights_make_an_equivariant_network(name):
    G, network = group(name), auto_types(plain(53), name, "T1", "T2").double()
    with torch.no_grad():
        for layer in (network[0], network[2], network[4]):
            kinds = ((layer.weight, layer.rep_in >> layer.rep_out), (layer.bias, layer.rep_out))
            for tensor, R in kinds:
                tensor.copy_(project(G, R, tensor.reshape(-1)).view_as(tensor))
    x = torch.randn(50, 3, dtype=torch.float64)
    assert equivariance_error(network, "T1", "T2", name, x) < 1e-9
    assert network(x).std() > 1e-3


def train(network, regularizer, x, y, steps):
    # a rate of 1/2 for what breaks the symmetry
    optimizer = torch.optim.SGD(network.parameters(), 5e-5)
    for _ in range(steps):
        optimizer.zero_grad()
        task = (network(x) - y).square().mean()
        (task + regularizer.strength * regularizer.penalty(None, None, None)).backward()
        optimizer.step()


@pytest.mark.parametrize("candidate", ["C(4)@xy", "D(4)@xy"])
def test_a_large_strength_makes_a_plain_network_equivariant(candidate):
    network = auto_types(plain(), "D(4)@xy", "T1", "T2")
    regularizer = ProjectionRegularizer(candidate, 1e4, strict=True)
    regularizer.bind(network)
    x, y = torch.randn(64, 3), torch.randn(64, 9)
    before = equivariance_error(network, "T1", "T2", candidate, x)
    train(network, regularizer, x, y, steps=400)
    assert before > 0.3
    assert equivariance_error(network, "T1", "T2", candidate, x) < 1e-3


@pytest.mark.parametrize("name", ["C(4)", "D(4)"])
def test_a_large_strength_makes_a_plain_cnn_equivariant(name):
    torch.manual_seed(0)
    network = nn.Sequential(
        *(nn.Conv2d(1, 9, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)),
        *(nn.Conv2d(9, 8, 3), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)),
    )
    auto_types(network, name, "T0", "2T0")
    regularizer = ProjectionRegularizer(name, 1e4, strict=True)
    regularizer.bind(network)
    x, y = torch.randn(64, 1, 8, 8), torch.randn(64, 2)
    before = equivariance_error(network, "Image(8,8)", "2T0", name, x)
    train(network, regularizer, x, y, steps=100)
    assert before > 0.1
    assert equivariance_error(network, "Image(8,8)", "2T0", name, x) < 1e-3
    assert network(x).std(0).min() > 1e-4


def test_one_argument_of_the_plain_mlp():
    network = MLP("T1", "T0", dim=3, channels=10, hidden_layers=1, hidden_group="C(4)@xy")
    assert str(network.layers[0].rep_out) == "2Regular(C(4)@xy) + 2T0"
    ProjectionRegularizer("C(4)@xy", 1.0, strict=True).bind(network)
    assert not hasattr(MLP("T1", "T0", dim=3).layers[0], "rep_in")


@pytest.mark.parametrize(
    ("network", "name", "message"),
    [
        (plain(), "SO(2)@xy", "needs a finite group of at most 120 elements.*SO\\(2\\)@xy has inf"),
        (plain(), "C(4)", r"layer '0' maps 3 numbers to 21, but T1 >> .* over R\^2 is 2 to 21"),
        (nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), "C(4)@xy", "does not know what '1'"),
        (nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 9)), "C(4)@xy", "'0' has 4 outputs and '1' 5"),
        (nn.Sequential(nn.ReLU()), "C(4)@xy", "finds no linear layer in Sequential"),
    ],
)
def test_other_networks_are_refused(network, name, message):
    with pytest.raises(ValueError, match=message):
        auto_types(network, name, "T1", "T2")


def test_types_of_the_ends_are_needed():
    with pytest.raises(ValueError, match="auto_types needs rep_in="):
        auto_types(plain(), "C(4)@xy")


def test_the_regular_representation_is_of_the_group_and_its_subgroups_alone():
    R, G = Regular(group("D(4)")), group("C(4)")
    g, h = G.sample(2, torch.Generator().manual_seed(0))
    torch.testing.assert_close(R.rho(g @ h), R.rho(g) @ R.rho(h))
    assert rep("T1") * 2 + R == 2 * rep("T1") + Regular(group("D(4)"))
    with pytest.raises(ValueError, match="none of its elements"):
        R.rho(group("C(3)").discrete_generators[0])
    with pytest.raises(ValueError, match="has no Lie algebra"):
        R.drho(group("SO(2)").lie_algebra)
