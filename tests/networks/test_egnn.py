"""EGNN: exactly equivariant, but for the free path that may be added."""

import torch
from compliance.networks import NetworkSuite, swapped

from softsym.metrics import equivariance_error
from softsym.networks import EGNN
from softsym.symmetries import group


class TestEGNN(NetworkSuite):
    def make(self, seed=0):
        return EGNN(bodies=4, channels=8, layers=2, seed=seed)

    def test_gradient_reaches_every_parameter(self):
        network = self.make()
        network(self.inputs(32)).square().sum().backward()
        dead = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
        # the last features move nothing any more, as in the published definition
        assert all(name.startswith("rounds.1.features") for name in dead)


class TestWithFreePath(TestEGNN):
    def make(self, seed=0):
        return EGNN(bodies=4, channels=8, layers=2, free_path=True, seed=seed)

    def test_gradient_reaches_every_parameter(self):
        network = self.make()
        torch.nn.init.normal_(network.free.decoder[-1].weight)
        network(self.inputs(32)).square().sum().backward()
        dead = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
        assert all(name.startswith("rounds.1.features") for name in dead)


def error(network):
    x = torch.randn(64, network.rep_in.size(3), dtype=torch.float64)
    return equivariance_error(network.double(), network.rep_in, network.rep_out, group("O(3)"), x)


def test_rotations_and_reflections_are_kept():
    assert error(EGNN(bodies=4, channels=8, layers=2)) < 1e-10


def test_shifts_and_permutations_are_kept():
    network = EGNN(bodies=4, channels=8, layers=2).double()
    x = torch.randn(5, 28, dtype=torch.float64)
    away = torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64).repeat(4)
    shifted = torch.cat([x[:, :4], x[:, 4:16] + away, x[:, 16:]], 1)
    torch.testing.assert_close(network(shifted), network(x) + away)
    moved = network(swapped(x, (1, 3, 3)))
    torch.testing.assert_close(moved, swapped(network(x), (3,)))


def test_a_free_path_starts_at_nothing_and_may_break_the_symmetry():
    plain, free = (EGNN(4, channels=8, layers=2, free_path=free) for free in (False, True))
    x = torch.randn(5, 28)
    torch.testing.assert_close(free(x), plain(x))
    assert error(free) < 1e-10
    torch.nn.init.normal_(free.free.decoder[-1].weight)
    assert error(free) > 0.01
