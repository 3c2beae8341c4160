"""Plain message passing: it keeps permutations of particles, and nothing else."""

import pytest
import torch
from compliance.networks import NetworkSuite, swapped

from softsym.networks import GNN


class TestGNN(NetworkSuite):
    def make(self, seed=0):
        return GNN(bodies=4, channels=8, layers=2, seed=seed)


def test_particles_may_change_places():
    network = GNN(bodies=4, channels=8, layers=2).double()
    x = torch.randn(5, 28, dtype=torch.float64)
    moved = network(swapped(x, (1, 3, 3)))
    torch.testing.assert_close(moved, swapped(network(x), (3,)))


def test_messages_are_those_of_the_formula():
    network = GNN(bodies=3, channels=4, layers=1).double()
    x = torch.randn(1, 21, dtype=torch.float64)
    q, states = x[0, :3], torch.cat([x[0, 3:12].reshape(3, 3), x[0, 12:].reshape(3, 3)], 1)
    h = network.embedding(states)
    phi_e, phi_h = network.messages[0], network.features[0]
    out = []
    for i in range(3):
        m = sum(
            phi_e.rest(phi_e.first(torch.cat([h[i], h[j], (q[i] * q[j])[None]])))
            for j in range(3)
            if j != i
        )
        out.append(network.decoder(h[i] + phi_h(torch.cat([h[i], m]))))
    torch.testing.assert_close(network(x)[0], torch.cat(out))


def test_another_number_of_particles_is_named():
    with pytest.raises(ValueError, match="4 particles in R\\^3 have 28 inputs"):
        GNN(bodies=4)(torch.zeros(2, 21))
