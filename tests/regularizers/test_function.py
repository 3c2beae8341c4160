"""Regularizers of a function: compliance, the theorem on linear maps, and many groups at once."""

import pytest
import torch
from compliance.regularizers import INPUTS, Holder, RegularizerSuite, small_network
from torch import nn

from softsym.regularizers import FunctionRegularizer, LieDerivativeRegularizer
from softsym.regularizers.projection.layer_shares import Share
from softsym.symmetries import group, project, rep


class TestFunctionRegularizer(RegularizerSuite):
    def make(self, strength=1.0):
        return FunctionRegularizer("O(3)", strength, share_batch=False)

    def satisfy(self, network):
        for parameter in network.parameters():
            parameter.data.zero_()


class TestLieDerivativeRegularizer(RegularizerSuite):
    def make(self, strength=1.0):
        return LieDerivativeRegularizer("SO(3)", strength)

    def satisfy(self, network):
        for parameter in network.parameters():
            parameter.data.zero_()


def batch_of(n, size, targets=1, seed=0):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(n, size, generator=draw, dtype=torch.float64)
    return x, torch.zeros(n, targets, dtype=torch.float64)


def linear(size_in, size_out):
    torch.manual_seed(0)
    return nn.Linear(size_in, size_out, bias=False).double()


def penalty_of(regularizer, network, batch):
    holder = Holder(network)
    regularizer.setup(None, holder, "fit")
    return regularizer.penalty(holder, batch, network(batch[0]))


@pytest.mark.parametrize("name", ["O(3)", "O(2)@xy", "C(4)@yz", "SO(3)"])
def test_a_linear_map_has_four_times_its_projection_penalty(name):
    network, batch = linear(6, 3), batch_of(40_000, 6, 3)
    value = penalty_of(FunctionRegularizer(name, 1.0, "2T1", "T1"), network, batch)
    W = network.weight.detach().reshape(-1)
    apart = W - project(name, rep("2T1") >> rep("T1"), W[None])[0]
    variance = network.weight.detach().square().sum()
    assert float(value.detach()) == pytest.approx(
        float(4 * 0.5 * apart.square().sum() / variance), rel=0.03
    )


def test_the_lie_derivative_is_the_sum_over_generators():
    network, batch = linear(3, 1), batch_of(40_000, 3)
    value = penalty_of(LieDerivativeRegularizer("SO(3)", 1.0, "T1", "T0"), network, batch)
    w, G = network.weight.detach()[0], group("SO(3)")
    expected = sum((w @ A).square().sum() for A in G.lie_algebra) / w.square().sum()
    # its standard error over 40,000 samples is 1.5%
    assert float(value.detach()) == pytest.approx(float(expected), rel=0.06)


@pytest.mark.parametrize("name", ["O(3)", "Scaling(3)", "O(2)@xy"])
def test_an_equivariant_function_has_no_penalty(name):
    class Double(nn.Module):
        rep_in = rep_out = rep("2T1")

        def forward(self, x):
            return 2 * x

    value = penalty_of(FunctionRegularizer(name, 1.0), Double(), batch_of(50, 6, 6))
    assert float(value.detach()) < 1e-20


def test_scaling_moves_samples_to_the_sizes_of_others():
    regularizer = FunctionRegularizer("Scaling(3)", 1.0, "T1", "T0")
    regularizer.bind(linear(3, 1))
    x = batch_of(200, 3)[0]
    moved, _ = regularizer.moved(x, torch.arange(200), 0)
    sizes = x.norm(dim=1)
    assert sizes.min() - 1e-9 <= moved.norm(dim=1).min()
    assert moved.norm(dim=1).max() <= sizes.max() + 1e-9


def test_many_groups_share_one_pass():
    calls = []

    class Counting(nn.Module):
        def forward(self, x):
            calls.append(len(x))
            return x[:, :1]

    names = ["O(3)", "O(2)@xy", "Scaling(3)"]
    network, batch = Counting(), batch_of(300, 3)
    x = batch[0]
    regularizers = [FunctionRegularizer(name, 1.0, "T1", "T0") for name in names]
    for r in regularizers:
        r.bind(network)
    for _ in range(2):
        values = FunctionRegularizer.penalties(regularizers, Holder(network), batch, x[:, :1])
    # once more in evaluation mode, where the network might predict otherwise
    assert calls == [300, 300, 300]
    assert all(value > 0.05 for value in values)


def test_gradients_flow_where_they_are_asked_to():
    network, batch = linear(3, 1), batch_of(50, 3)
    grads = {}
    for gradient in ("both", "stopped", "anchored"):
        network.zero_grad()
        penalty_of(
            FunctionRegularizer("O(3)", 1.0, "T1", "T0", gradient=gradient), network, batch
        ).backward()
        grads[gradient] = network.weight.grad.clone()
    assert not torch.allclose(grads["both"], grads["stopped"])
    assert not torch.allclose(grads["anchored"], grads["stopped"])
    with pytest.raises(ValueError, match="gradient must be one of"):
        FunctionRegularizer("O(3)", 1.0, gradient="none")


def test_steps_and_ranks_draw_other_elements_and_a_resumed_step_the_same():
    regularizer = FunctionRegularizer("O(3)", 1.0, "T1", "T0")
    regularizer.bind(linear(3, 1))
    batch, rows = batch_of(20, 3)[0], torch.arange(20)
    first = regularizer.moved(batch, rows, 3)[0]
    torch.testing.assert_close(regularizer.moved(batch, rows, 3)[0], first)
    assert not torch.allclose(regularizer.moved(batch, rows, 4)[0], first)
    regularizer.share = Share(1, 2)
    assert not torch.allclose(regularizer.moved(batch, rows, 3)[0], first)


def test_the_running_variance_is_saved_and_restored():
    regularizer = FunctionRegularizer("O(3)", 1.0, "T0 + T1", "T1")
    penalty_of(regularizer, small_network(), (INPUTS, INPUTS[:, :3]))
    restored = FunctionRegularizer("O(3)", 1.0, "T0 + T1", "T1")
    restored.load_state_dict(regularizer.state_dict())
    assert restored.variance == regularizer.variance


def test_discrete_groups_have_no_lie_derivative():
    with pytest.raises(ValueError, match="no Lie algebra"):
        LieDerivativeRegularizer("C(4)", 1.0)
