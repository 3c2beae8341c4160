"""Tests for every network; a new one implements ``make``."""

from __future__ import annotations

import pickle

import torch
from torch import nn

from softsym.symmetries import Rep


def swapped(values: torch.Tensor, sizes: tuple[int, ...]) -> torch.Tensor:
    """Exchanges the first two particles of flat values, which hold ``sizes`` numbers of each."""
    bodies = values.shape[1] // sum(sizes)
    order = [1, 0, *range(2, bodies)]
    parts = zip(values.split([bodies * size for size in sizes], 1), sizes, strict=True)
    return torch.cat([v.unflatten(1, (bodies, size))[:, order].flatten(1) for v, size in parts], 1)


class NetworkSuite:
    """Inherit and implement ``make``; ``dim`` is that of the base space."""

    dim = 3

    def make(self, seed: int = 0) -> nn.Module:
        raise NotImplementedError

    def inputs(self, count: int = 6, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        generator = torch.Generator().manual_seed(5)
        width = self.make().rep_in.size(self.dim)
        return torch.randn(count, width, generator=generator, dtype=torch.float64).to(dtype)

    def test_maps_its_types(self):
        network = self.make()
        assert isinstance(network.rep_in, Rep)
        assert network(self.inputs()).shape == (6, network.rep_out.size(self.dim))
        assert network(self.inputs(0)).shape == (0, network.rep_out.size(self.dim))

    def test_float64(self):
        inputs = self.inputs(dtype=torch.float64)
        exact = self.make().double()(inputs)
        assert exact.dtype == torch.float64
        torch.testing.assert_close(self.make()(inputs.float()), exact.float(), atol=1e-4, rtol=1e-4)

    def test_a_row_does_not_see_the_others(self):
        network, inputs = self.make().double(), self.inputs(dtype=torch.float64)
        alone = torch.cat([network(row[None]) for row in inputs])
        torch.testing.assert_close(network(inputs), alone)

    def test_its_own_seed_decides_and_not_the_global_one(self):
        outputs = []
        for everywhere, own in ((0, 1), (7, 1), (0, 2)):
            torch.manual_seed(everywhere)
            outputs.append(self.make(own)(self.inputs()))
        one, same, other = outputs
        assert torch.equal(one, same)
        assert not torch.allclose(one, other)

    def test_gradient_reaches_every_parameter(self):
        network = self.make()
        network(self.inputs(32)).square().sum().backward()
        dead = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
        assert dead == []

    def test_state_dict_holds_all_that_the_output_depends_on(self):
        one, other = self.make(1), self.make(2)
        other.load_state_dict(one.state_dict())
        assert torch.equal(one(self.inputs()), other(self.inputs()))

    def test_pickles(self):
        network = self.make()
        copy = pickle.loads(pickle.dumps(network))
        assert torch.equal(copy(self.inputs()), network(self.inputs()))
