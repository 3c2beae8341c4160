"""Regularizers of a function: compliance, the theorem on linear maps, and many groups at once."""

from functools import partial

import pytest
import torch
from compliance.regularizers import INPUTS, Holder, RegularizerSuite, small_network
from torch import nn

from softsym.networks import MLP
from softsym.regularizers import FunctionRegularizer, LieDerivativeRegularizer, of_function
from softsym.regularizers.base import all_penalties
from softsym.regularizers.projection.layer_shares import Share
from softsym.symmetries import group, project, rep
from softsym.symmetries.haar import uniform_elements


class TestFunctionRegularizer(RegularizerSuite):
    def make(self, strength=1.0):
        return FunctionRegularizer("O(3)", strength, share_batch=False)

    def satisfy(self, network):
        for parameter in network.parameters():
            parameter.data.zero_()


class TestLieDerivativeRegularizer(RegularizerSuite):
    def make(self, strength=1.0):
        return LieDerivativeRegularizer("SO(3)", strength, share_batch=False)

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


def moved_by_hand(G, network, x, generator):
    """The definition, one sample at a time."""
    total = 0.0
    R_in, R_out = rep("2T0 + 2T1"), rep("T2")
    for row, g in zip(x, uniform_elements(G, len(x), generator), strict=True):
        back = torch.linalg.inv(R_out.rho(g)) @ network((R_in.rho(g) @ row)[None])[0]
        total = total + (back - network(row[None])[0]).square().sum()
    return float(total / len(x))


@pytest.mark.parametrize("name", ["O(3)", "C(4)@xy", "SO(2)@yz"])
def test_equals_the_definition(name):
    network = MLP("2T0 + 2T1", "T2", dim=3, channels=8).double().requires_grad_(False)
    batch = batch_of(12, 8, 9)
    regularizer = FunctionRegularizer(name, 1.0, seed=5)
    value = penalty_of(regularizer, network, batch)
    expected = moved_by_hand(group(name), network, batch[0], torch.Generator().manual_seed(5))
    y = network(batch[0])
    variance = (y - y.mean(0)).square().sum(1).mean()
    assert float(value) == pytest.approx(expected / float(variance), rel=1e-9)


class Noisy(nn.Module):
    """An equivariant function in evaluation mode alone."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Linear(1, 1).double()
        self.noise, self.norm = nn.Dropout(0.5), nn.BatchNorm1d(1).double()

    def forward(self, x):
        return self.scale(self.norm(self.noise(x.norm(dim=1, keepdim=True))))


@pytest.mark.parametrize("kind", [FunctionRegularizer, LieDerivativeRegularizer])
def test_dropout_and_batch_normalisation_are_no_violation(kind):
    network, batch = Noisy(), batch_of(40, 3)
    regularizer = kind("SO(3)", 1.0, "T1", "T0")
    value = penalty_of(regularizer, network, batch)
    value.backward()
    assert float(value.detach()) < 1e-20
    assert network.noise.training
    assert network.norm.training
    # the pass that the task needs is the only one that the statistics have seen
    assert int(network.norm.num_batches_tracked) == 1


class Exchange:
    """Sums over two ranks that run one after the other: first they only tell, then they get sums.

    Threads could not: forward-mode differentiation has one level for the whole process.
    """

    def __init__(self):
        self.told, self.calls = None, []

    def all_reduce(self, tensor):
        self.calls.append(tensor.clone())
        if self.told is not None:
            tensor.copy_(sum(calls[len(self.calls) - 1] for calls in self.told))

    def of_all(self, run, ranks):
        told = []
        for rank in ranks:
            self.calls = []
            run(*rank)
            told.append(self.calls)
        self.told, results = told, []
        for rank in ranks:
            self.calls = []
            results.append(run(*rank))
        return results


def penalties_of_groups(network, batch, share):
    groups = ("O(3)", "C(4)@xy", "SO(2)@yz")
    made = [FunctionRegularizer(name, 1.0, "2T0 + 2T1", "T2") for name in groups]
    for name in ("SO(3)", "SO(2)@yz"):
        made.append(LieDerivativeRegularizer(name, 1.0, "2T0 + 2T1", "T2"))
    for r in made:
        r.bind(network)
        r.share = share
    named = {str(i): r for i, r in enumerate(made)}
    values = all_penalties(named, Holder(network), batch, network(batch[0]))
    total = torch.stack(list(values.values()))
    gradients = torch.autograd.grad(total.sum(), list(network.parameters()))
    return total.detach(), torch.cat([g.flatten() for g in gradients])


def test_two_processes_equal_one(monkeypatch):
    network = MLP("2T0 + 2T1", "T2", dim=3, channels=8).double().eval()
    x, y = batch_of(20, 8, 9)
    whole = penalties_of_groups(network, (x, y), Share(0, 1))
    exchange = Exchange()
    monkeypatch.setattr(of_function.dist, "all_reduce", exchange.all_reduce)
    halves = [((x[:10], y[:10]), Share(0, 2)), ((x[10:], y[10:]), Share(1, 2))]
    parts = exchange.of_all(partial(penalties_of_groups, network), halves)
    assert len(exchange.calls) > 0
    for of_whole, of_parts in zip(whole, zip(*parts, strict=True), strict=True):
        torch.testing.assert_close(torch.stack(of_parts).mean(0), of_whole)


@pytest.mark.parametrize("kind", [FunctionRegularizer, LieDerivativeRegularizer])
def test_bf16_measures_what_float32_does(kind):
    network, batch = MLP("2T0 + 2T1", "T2", dim=3, channels=32), batch_of(200, 8, 9)
    batch = tuple(each.float() for each in batch)
    values = []
    for enabled in (False, True):
        regularizer = kind("SO(3)", 1.0)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            values.append(penalty_of(regularizer, network, batch))
    assert values[1].dtype == torch.float32
    assert float(values[1].detach()) == pytest.approx(float(values[0].detach()), rel=0.03)


def test_logits_are_compared_as_distributions():
    network, batch = linear(3, 4), batch_of(100, 3, 4)
    regularizer = FunctionRegularizer("O(3)", 1.0, "T1", "4T0", distance="kl")
    value = penalty_of(regularizer, network, batch)
    p = network(batch[0]).softmax(1)
    q = network(regularizer.moved(batch[0], torch.arange(100), 0)[0]).softmax(1)
    both = [(a * (a / b).log()).sum(1).mean() for a, b in ((p, q), (q, p))]
    torch.testing.assert_close(value, sum(both))
    # a constant added to all logits is no other distribution
    network.weight.data[:] = network.weight.data[:1].clone()
    assert float(penalty_of(regularizer, network, batch).detach()) < 1e-12


def test_logits_of_a_network_that_knows_nothing_are_compared_with_labels():
    network, batch = linear(3, 4), batch_of(200, 3)
    network.weight.data *= 1e-3
    labels = torch.arange(200) % 4
    regularizer = FunctionRegularizer("O(3)", 1.0, "T1", "4T0")
    assert float(penalty_of(regularizer, network, (batch[0], labels)).detach()) < 1e-4
    assert float(regularizer.variance) == pytest.approx(0.75)  # of one-hot rows: 1 - 4 / 16


def anchored(distance="kl"):
    return FunctionRegularizer("O(3)", 1.0, "T1", "4T0", gradient="anchored", distance=distance)


def test_anchored_to_labels_it_is_the_loss_at_the_moved_inputs():
    network, x = linear(3, 4), batch_of(100, 3)[0]
    labels = torch.randint(4, (100,), generator=torch.Generator().manual_seed(1))
    shares = torch.rand(100, 4, dtype=torch.float64)
    for targets, loss in ((labels, nn.CrossEntropyLoss()), (shares, nn.BCEWithLogitsLoss())):
        regularizer = anchored()
        value = penalty_of(regularizer, network, (x, targets))
        logits = network(regularizer.moved(x, torch.arange(100), 0)[0])
        torch.testing.assert_close(value, loss(logits, targets))
    gone = shares.clone()
    gone[:, 1] = torch.nan
    value = penalty_of(anchored(), network, (x, gone))
    others = nn.functional.binary_cross_entropy_with_logits(logits[:, ::2], shares[:, ::2])
    last = nn.functional.binary_cross_entropy_with_logits(logits[:, 3], shares[:, 3])
    torch.testing.assert_close(value, (2 * others + last) / 4)


def test_anchored_heads_find_their_labels_by_name():
    class Heads(nn.Module):
        def forward(self, x):
            return {"kind": x[:, :2], "side": x[:, 1:]}

    types = {"kind": "2T0", "side": "2T0"}
    regularizer = FunctionRegularizer("O(3)", 1.0, "T1", types, gradient="anchored", distance="kl")
    x, labels = batch_of(50, 3)[0], torch.arange(50) % 2
    value = penalty_of(regularizer, Heads(), (x, {"side": 1 - labels, "kind": labels}))
    moved = regularizer.moved(x, torch.arange(50), 0)[0]
    ce = nn.functional.cross_entropy
    torch.testing.assert_close(value, (ce(moved[:, :2], labels) + ce(moved[:, 1:], 1 - labels)) / 2)


def test_labels_are_no_numbers_to_be_near_to():
    labels = torch.zeros(100, dtype=torch.long)
    with pytest.raises(ValueError, match=r"targets\. .*got the shape \(100,\).* distance=kl"):
        penalty_of(anchored("squared"), linear(3, 4), (batch_of(100, 3)[0], labels))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"distance": "l1"}, "distance must be one of squared, kl"),
        ({"gradient": "none"}, "gradient must be one of both, stopped, anchored"),
    ],
)
def test_distances_that_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        FunctionRegularizer("O(3)", 1.0, "T1", "T0", **settings)
    regularizer = FunctionRegularizer("O(3)", 1.0, "T1", "T1", distance="kl")
    with pytest.raises(ValueError, match="distance=kl is for logits of scalars"):
        regularizer.bind(linear(3, 3))


def test_lie_derivatives_of_many_groups_share_one_pass():
    network, batch, calls = linear(3, 1), batch_of(30_000, 3), []
    network.register_forward_hook(lambda *_: calls.append(1))
    values = {}
    for share in (True, False):
        made = [
            LieDerivativeRegularizer(name, 1.0, "T1", "T0", share_batch=share)
            for name in ("SO(3)", "SO(2)@xy", "SO(2)@yz")
        ]
        for r in made:
            r.bind(network)
        y = network(batch[0])
        calls.clear()
        found = LieDerivativeRegularizer.penalties(made, Holder(network), batch, y)
        values[share] = torch.stack(found).detach()
        assert len(calls) == (1 if share else 3)
    torch.testing.assert_close(values[True], values[False], rtol=0.06, atol=0)
