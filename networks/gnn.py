"""Plain message passing between particles, which keeps permutations alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from softsym.networks.particles import Messages, ParticleNetwork, two_layers


class GNN(ParticleNetwork):
    r"""Predicts positions of particles by message passing without any symmetry of space.

    .. math::
        m_{ij} = \phi_e(h_i, h_j, q_i q_j), \qquad
        h_i \leftarrow h_i + \phi_h(h_i, \sum_{j \ne i} m_{ij})

    with features h that start from position and velocity, and end in a position: the baseline of
    Satorras et al. (2021, arXiv 2102.09844, sec. 5.1 and appendix C.1).

    Args:
        bodies: Number k of particles.
        dim: Dimension d of their space.
        channels: Width of features and messages; 64 in the paper.
        layers: Number of rounds of messages; 4 in the paper.
        seed: Seed of the initial weights.

    Shape:
        (n, k (1 + 2 d)), charges, positions, velocities, to positions (n, k d).
    """

    def __init__(
        self, bodies: int = 5, dim: int = 3, channels: int = 64, layers: int = 4, seed: int = 0
    ) -> None:
        super().__init__(bodies, dim, channels, layers)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Linear(2 * dim, channels)
            rounds = range(layers)
            self.messages = nn.ModuleList(Messages(channels, attributes=1) for _ in rounds)
            self.features = nn.ModuleList(
                two_layers(2 * channels, channels, channels) for _ in rounds
            )
            self.decoder = two_layers(channels, channels, dim)

    def forward(self, inputs: Tensor) -> Tensor:
        """Predicts the positions."""
        state = self.particles(inputs)
        h = self.embedding(torch.cat([state.positions, state.velocities], -1))
        products = state.products
        for messages, features in zip(self.messages, self.features, strict=True):
            h = h + features(torch.cat([h, messages(h, products).sum(2)], -1))
        return self.decoder(h).flatten(1)
