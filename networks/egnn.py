"""EGNN: message passing between particles that keeps rotations, reflections and shifts exactly."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from softsym.networks.gnn import GNN
from softsym.networks.particles import Messages, ParticleNetwork, two_layers

SMALL = 0.001
"""Gain of the initial weights that move positions, so that they start near where they are."""


class EGNN(ParticleNetwork):
    r"""Predicts positions of particles by E(n)-equivariant message passing.

    .. math::
        m_{ij} &= \phi_e(h_i, h_j, |x_i - x_j|^2, a_{ij}) \\
        x_i &\leftarrow x_i + \frac{1}{k - 1} \sum_{j \ne i} (x_i - x_j)\, \phi_x(m_{ij})
            + \phi_v(h_i)\, v_i \\
        h_i &\leftarrow h_i + \phi_h(h_i, \sum_{j \ne i} m_{ij})

    with speeds as the first features h, and a_ij the product of the charges and the squared
    distance at the start (Satorras et al. 2021, arXiv 2102.09844, eqs. 3 to 7, and appendix C.1).

    Args:
        bodies: Number k of particles.
        dim: Dimension d of their space.
        channels: Width of features and messages; 64 in the paper.
        layers: Number of rounds of messages; 4 in the paper.
        free_path: Whether a plain :class:`~softsym.networks.GNN` of the same size is added, whose
            last layer starts at 0: what it adds may break the symmetry, as in adaptive constrained
            equivariance.
        seed: Seed of the initial weights.

    Shape:
        (n, k (1 + 2 d)), charges, positions, velocities, to positions (n, k d).
    """

    def __init__(
        self,
        bodies: int = 5,
        dim: int = 3,
        channels: int = 64,
        layers: int = 4,
        free_path: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(bodies, dim, channels, layers)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embedding = nn.Linear(1, channels)
            self.rounds = nn.ModuleList(_Round(channels) for _ in range(layers))
            self.free = GNN(bodies, dim, channels, layers, seed=seed + 1) if free_path else None
            if self.free is not None:
                for values in self.free.decoder[-1].parameters():
                    nn.init.zeros_(values)

    def forward(self, inputs: Tensor) -> Tensor:
        """Predicts the positions."""
        state = self.particles(inputs)
        x, v = state.positions, state.velocities
        h = self.embedding(torch.linalg.vector_norm(v, dim=-1, keepdim=True))
        attributes = torch.cat([state.products, _squares(x)[1]], -1)
        for each in self.rounds:
            h, x = each(h, x, v, attributes)
        moved = x.flatten(1)
        return moved if self.free is None else moved + self.free(inputs)


class _Round(nn.Module):
    """One round: messages, then positions, then features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.messages = Messages(channels, attributes=3)
        last = nn.Linear(channels, 1, bias=False)
        nn.init.xavier_uniform_(last.weight, gain=SMALL)
        self.apart = nn.Sequential(nn.Linear(channels, channels), nn.SiLU(), last)
        self.along = two_layers(channels, channels, 1)
        self.features = two_layers(2 * channels, channels, channels)

    def forward(self, h: Tensor, x: Tensor, v: Tensor, attributes: Tensor) -> tuple[Tensor, Tensor]:
        """Updates features (n, k, channels) and positions (n, k, d)."""
        apart, squares = _squares(x)
        m = self.messages(h, torch.cat([squares, attributes], -1))
        x = x + (apart * self.apart(m)).sum(2) / (x.shape[1] - 1) + self.along(h) * v
        h = h + self.features(torch.cat([h, m.sum(2)], -1))
        return h, x


def _squares(x: Tensor) -> tuple[Tensor, Tensor]:
    """Differences (n, k, k, d) of positions (n, k, d), and their squares (n, k, k, 1)."""
    apart = x[:, :, None] - x[:, None]
    return apart, apart.square().sum(-1, keepdim=True)
