"""Lie derivatives compared with small angles, for kept and for broken symmetries."""

import math
import pickle

import pytest
import torch

from softsym.metrics import (
    LocalEquivarianceError,
    equivariance_error,
    lie_derivative,
    local_equivariance_error,
)
from softsym.networks import MLP, SoftEMLP
from softsym.symmetries import Group, group, rep


def inputs(n=50, width=3, dtype=torch.float64):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(0)).to(dtype)


def norm_squared(x):
    return x.square().sum(1, keepdim=True)


def by_small_angle(f, rep_in, rep_out, G, x, t=1e-4):
    """The definition, by a central difference."""

    def moved(A, s):
        g = torch.linalg.matrix_exp(s * A)
        return f(x @ rep_in.rho(g).mT) @ rep_out.rho(torch.linalg.inv(g)).mT

    return torch.stack([(moved(A, t) - moved(A, -t)) / (2 * t) for A in G.lie_algebra])


@pytest.mark.parametrize("name", ["O(3)", "Scaling(3)", "O(2)@yz", "SL(3)", "SE(2)"])
def test_equals_the_small_angle_difference(name):
    G, rep_in, rep_out = group(name), rep("T1 + T(0,1)"), rep("T0 + T(1,1)")
    network = MLP(rep_in, rep_out, dim=3, channels=8).double().requires_grad_(False)
    x = inputs(width=6)
    expected = by_small_angle(network, rep_in, rep_out, G, x)
    torch.testing.assert_close(
        lie_derivative(network, rep_in, rep_out, G, x), expected, atol=1e-6, rtol=1e-6
    )


@pytest.mark.parametrize("name", ["O(3)", "O(2)@xy"])
def test_equals_the_small_angle_difference_of_a_soft_network(name):
    G, rep_in, rep_out = group(name), rep("2T0 + 2T1"), rep("T2")
    network = SoftEMLP(rep_in, rep_out, group=G, channels=12, hidden_layers=1).double()
    x = inputs(10, width=8)
    expected = by_small_angle(network, rep_in, rep_out, G, x).detach()
    actual = lie_derivative(network, rep_in, rep_out, G, x)
    torch.testing.assert_close(actual, expected, atol=1e-6, rtol=1e-6)
    assert not actual.requires_grad


@pytest.mark.parametrize(
    ("f", "rep_out", "name"),
    [
        (lambda x: x.square().sum(1, keepdim=True), "T0", "O(3)"),
        (lambda x: 3 * x, "T1", "GL(3)"),
        (lambda x: (x[:, :, None] * x[:, None, :]).flatten(1), "T2", "SL(3)"),
        (lambda x: x[:, 2:], "T0", "O(2)@xy"),
        (lambda x: torch.zeros(len(x), 3, dtype=x.dtype), "T1", "O(3)"),
    ],
)
def test_exactly_equivariant_functions_have_none(f, rep_out, name):
    assert lie_derivative(f, "T1", rep_out, name, inputs()).abs().max() < 1e-12
    assert local_equivariance_error(f, "T1", rep_out, name, inputs()) < 1e-12


def square(values):
    """The mean square of the size of each row."""
    return float(values.square().sum(-1).mean())


def rate_of_scaling(x):
    """Of |x|^2, whose derivative is twice itself."""
    y = norm_squared(x)
    return math.sqrt(4 * square(y) / 2 / square(y - y.mean(0)))


@pytest.mark.parametrize(
    ("f", "rep_out", "name", "rate"),
    [
        (norm_squared, "T0", "Scaling(3)", rate_of_scaling),
        (lambda x: 0 * x + 1, "T1", "Scaling(3)", lambda x: math.sqrt(1 / 2)),
        (
            lambda x: x,
            "3T0",
            "SO(2)@xy",
            lambda x: math.sqrt(square(x[:, :2]) / 2 / square(x - x.mean(0))),
        ),
        # the turn about x keeps x: two generators of three break it
        (
            lambda x: x[:, :1],
            "T0",
            "SO(3)",
            lambda x: math.sqrt(square(x[:, 1:]) / 3 / 2 / float(x[:, 0].var(correction=0))),
        ),
    ],
)
def test_functions_that_must_fail(f, rep_out, name, rate):
    x = inputs()
    assert local_equivariance_error(f, "T1", rep_out, name, x) == pytest.approx(rate(x))


def test_is_the_rate_of_the_equivariance_error():
    turn = Group(3, discrete_generators=torch.linalg.matrix_exp(1e-3 * group("SO(3)").lie_algebra))
    f = lambda x: torch.stack([x[:, 0].square(), 1 + x.square().sum(1)], 1)  # noqa: E731
    x = inputs(4000)
    y, moved = f(x), [f(x @ g.T) - f(x) for g in turn.discrete_generators]
    rates = {
        to: local_equivariance_error(f, "T1", "2T0", "SO(3)", x, to) for to in ("spread", "sizes")
    }
    small = {
        "spread": math.sqrt(sum(map(square, moved)) / 3 / 2 / square(y - y.mean(0))),
        "sizes": float(torch.stack(moved).norm(dim=-1).mean() / (2 * y.norm(dim=-1).mean())),
    }
    assert small == pytest.approx({to: 1e-3 * rate for to, rate in rates.items()}, rel=0.01)


@pytest.mark.parametrize("offset", [0.0, -1e6])
def test_an_offset_that_the_group_keeps_changes_nothing(offset):
    f = lambda x: 1e3 * x[:, :1].square()  # noqa: E731
    x, metric = inputs(), LocalEquivarianceError("T1", "T0", "SO(3)")
    for part in x.split(20):
        metric.update(lambda x: f(x) + offset, part)
    expected = local_equivariance_error(f, "T1", "T0", "SO(3)", x)
    assert float(metric.compute()) == pytest.approx(expected, rel=1e-6)


def test_what_a_rate_may_be_relative_to():
    words = "relative_to must be one of spread, sizes; got 'paper'"
    with pytest.raises(ValueError, match=words):
        local_equivariance_error(norm_squared, "T1", "T0", "SO(3)", inputs(), "paper")
    with pytest.raises(ValueError, match=words):
        LocalEquivarianceError("T1", "T0", "SO(3)", relative_to="paper")


def test_a_function_that_vanishes():
    zero = lambda x: 0 * x[:, :1]  # noqa: E731
    assert local_equivariance_error(zero, "T1", "T0", "SO(3)", inputs()) == 0
    squashed = lambda x: x[:, :1] - x[:, :1].detach()  # noqa: E731
    assert local_equivariance_error(squashed, "T1", "T0", "SO(3)", inputs()) == math.inf


def test_reflections_are_not_seen():
    handed = lambda x: torch.linalg.det(x.view(-1, 3, 3))[:, None]  # noqa: E731
    x = inputs(width=9)
    assert local_equivariance_error(handed, "3T1", "T0", "O(3)", x) < 1e-12
    assert equivariance_error(handed, "3T1", "T0", "O(3)", x) > 0.3


def test_direct_products_by_factor():
    G = group("SO(2)xSO(3)")
    x = inputs(width=6)
    squares = lambda x: torch.einsum("nia,nja->nij", *2 * (x.view(-1, 2, 3),)).flatten(1)  # noqa: E731
    kept = lie_derivative(squares, "V(SO(2)) x V(SO(3))", "T2(SO(2))", G, x)
    assert kept.shape == (4, 50, 4)
    assert kept.abs().max() < 1e-12
    broken = lie_derivative(squares, "V(SO(2)) x V(SO(3))", "4T0", G, x).abs().amax((1, 2))
    assert broken[0] > 0.1
    assert broken[1:].max() < 1e-12
    assert equivariance_error(squares, "V(SO(2)) x V(SO(3))", "T2(SO(2))", G, x) < 1e-12
    assert equivariance_error(squares, "V(SO(2)) x V(SO(3))", "4T0", G, x) > 0.1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("inside", [torch.no_grad, torch.enable_grad])
def test_works_in_either_dtype_and_without_gradients(dtype, inside):
    network = MLP(rep("T1"), rep("T1"), dim=3, channels=8).to(dtype)
    x = inputs(dtype=dtype)
    with inside():
        actual = lie_derivative(network, "T1", "T1", "SO(3)", x)
    expected = lie_derivative(network.double(), "T1", "T1", "SO(3)", x.double())
    assert actual.dtype == dtype
    torch.testing.assert_close(actual.double(), expected, atol=1e-5, rtol=1e-5)


def test_metric_over_batches_is_the_function_of_all():
    network = MLP(rep("T1"), rep("T0"), dim=3, channels=8).double()
    x, metric = inputs(30), LocalEquivarianceError("T1", "T0", "SO(3)")
    for part in (x[:20], x[20:], x[:0]):
        metric.update(network, part)
    expected = local_equivariance_error(network, "T1", "T0", "SO(3)", x)
    assert float(metric.compute()) == pytest.approx(expected)
    copy = pickle.loads(pickle.dumps(metric))
    assert float(copy.compute()) == pytest.approx(expected)
    metric.reset()
    assert float(metric.count) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("T1", "T0", "C(4)", (5, 2)),
            r"C\(4\) has no infinitesimal generators.*equivariance_error",
        ),
        (("T1", "T0", "SO(3)", (0, 3)), "The Lie derivative needs at least one input; got none"),
        (("T2", "T0", "SO(3)", (5, 3)), r"rep_in 'T2' has 9 numbers over R\^3.*\(5, 3\)"),
        (("T1", "T2", "SO(3)", (5, 3)), r"rep_out 'T2' has 9 numbers over R\^3.*\(5, 3\)"),
        (("V(O(3))", "T0", "SO(3)", (5, 3)), r"representation of O\(3\), which is not SO\(3\)"),
    ],
)
def test_bad_input(arguments, message):
    rep_in, rep_out, name, shape = arguments
    with pytest.raises(ValueError, match=message):
        lie_derivative(lambda x: x, rep_in, rep_out, name, torch.zeros(shape))


def test_metric_of_a_discrete_group():
    with pytest.raises(ValueError, match="has no infinitesimal generators"):
        LocalEquivarianceError("T1", "T0", "S(3)")


@pytest.mark.parametrize(
    "f",
    [lambda x: torch.tensor(x.tolist())[:, [1, 0, 2]], lambda x: torch.from_numpy(x.numpy())],
    ids=["a new tensor", "numpy"],
)
def test_functions_that_leave_what_can_be_differentiated(f):
    with pytest.raises(ValueError, match="equivariance_error, which needs values only"):
        lie_derivative(f, "T1", "T1", "SO(3)", inputs())
