"""Processes that share the layers compute together what one computes alone."""

import os

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from compliance.regularizers import Holder, small_network
from lightning import Trainer

from softsym.networks import TypedLinear
from softsym.regularizers import ProjectionRegularizer
from softsym.regularizers.projection.layer_shares import ALL, Share, layers_of, share_of
from softsym.regularizers.projection.typed_layers import typed_layers
from softsym.symmetries import rep

NAMES = ("O(2)@xy", "O(2)@yz", "SO(3)")
FACTORS = (2.0, 0.0, 3.0)


def values_of(network, share):
    regularizers = [ProjectionRegularizer(name, 1.0) for name in NAMES]
    for regularizer in regularizers:
        regularizer.bind(network, share)
    return torch.stack(ProjectionRegularizer.penalties(regularizers, network, None, None))


def penalties(network, share=ALL):
    """Values and gradients of each parameter, the latter with FACTORS."""
    values = values_of(network, share)
    parameters = list(network.parameters())
    total = values @ values.new_tensor(FACTORS)
    gradients = torch.autograd.grad(total, parameters, materialize_grads=True)
    return values.detach(), torch.cat([g.flatten() for g in gradients])


@pytest.mark.parametrize("processes", [1, 2, 3, 7])
def test_each_layer_is_one_process_s(processes):
    layers = typed_layers(small_network())
    parts = [layers_of(layers, Share(rank, processes)) for rank in range(processes)]
    names = [layer.name for part in parts for layer in part]
    assert sorted(names) == sorted(layer.name for layer in layers)
    assert (min(map(len, parts)) > 0) == (processes <= len(layers))


@pytest.mark.parametrize("processes", [2, 3, 7])
def test_the_mean_over_processes_is_the_whole(processes):
    network = small_network()
    value, gradient = penalties(network)
    parts = [penalties(network, Share(rank, processes)) for rank in range(processes)]
    mean_value, mean_gradient = (torch.stack(p).mean(0) for p in zip(*parts, strict=True))
    torch.testing.assert_close(mean_value, value, rtol=1e-6, atol=0)
    torch.testing.assert_close(mean_gradient, gradient, rtol=1e-6, atol=1e-7)


def test_another_trainer_binds_anew():
    module = Holder(small_network())
    regularizer = ProjectionRegularizer("O(3)", 1.0)
    whole = regularizer.setup(None, module, "fit") or regularizer.penalty(module, None, None)
    several = Trainer(
        accelerator="cpu", devices=2, strategy="ddp", logger=False, enable_checkpointing=False
    )
    regularizer.setup(several, module, "fit")
    assert regularizer.penalty(module, None, None).item() != pytest.approx(whole.item())
    regularizer.setup(None, module, "fit")
    assert regularizer.penalty(module, None, None).item() == pytest.approx(whole.item())


class WithSpare(torch.nn.Module):
    """A typed layer that takes no part in the forward pass."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.used = TypedLinear(rep("T0 + T1"), rep("T1"), 3)
        self.spare = TypedLinear(rep("T1"), rep("T1 + T2"), 3)

    def forward(self, x):
        return self.used(x)


def process(rank, folder, make):
    """One of two processes: its share, averaged with the other's by the usual reduction."""
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    network = torch.nn.parallel.DistributedDataParallel(make())
    output = network(torch.ones(3, 4, dtype=next(network.parameters()).dtype))
    values = values_of(network.module, Share(rank, 2))
    loss = 0.0 * output.sum() + values @ values.new_tensor(FACTORS)
    loss.backward()
    values = values.detach()
    dist.all_reduce(values)
    gradient = torch.cat([p.grad.flatten() for p in network.module.parameters()])
    torch.save((values / 2, gradient), f"{folder}/{rank}.pt")
    # taking gloo's threads down can wait for Python, which waits for them
    os._exit(0)


@pytest.mark.parametrize("make", [small_network, WithSpare])
def test_two_processes_equal_one(tmp_path, make):
    mp.start_processes(process, (str(tmp_path), make), nprocs=2, start_method="fork")
    value, gradient = penalties(make())
    for rank in (0, 1):
        mean = torch.load(tmp_path / f"{rank}.pt", weights_only=True)
        torch.testing.assert_close(mean[0], value, rtol=1e-6, atol=0)
        torch.testing.assert_close(mean[1], gradient, rtol=1e-6, atol=1e-7)


def test_one_process_has_all():
    alone = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    assert share_of(alone) == share_of(None) == ALL


def test_processes_of_ddp_share():
    several = Trainer(
        accelerator="cpu", devices=3, strategy="ddp", logger=False, enable_checkpointing=False
    )
    assert share_of(several) == Share(0, 3)
