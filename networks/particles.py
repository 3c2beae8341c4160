"""What networks for particles share: the parts of a state, and messages between all pairs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from softsym.networks.memory import passing
from softsym.symmetries import rep
from softsym.symmetries.numbers import require_whole


class Particles(NamedTuple):
    """The states of n samples of k particles in R^d."""

    charges: Tensor  # (n, k)
    positions: Tensor  # (n, k, d)
    velocities: Tensor  # (n, k, d)

    @property
    def products(self) -> Tensor:
        """The products of all pairs of charges, (n, k, k, 1)."""
        return self.charges[:, :, None, None] * self.charges[:, None, :, None]


class ParticleNetwork(nn.Module):
    """The base of networks that predict positions of k particles from their states.

    Args:
        bodies: Number k of particles, at least 2.
        dim: Dimension d of their space.
        channels: Width of features and messages.
        layers: Number of rounds of messages.

    Attributes:
        rep_in: Type of a state: charges, positions and velocities.
        rep_out: Type of the positions.

    Raises:
        ValueError: If a size is no whole number, or the network would not fit into memory.
    """

    def __init__(self, bodies: int, dim: int, channels: int, layers: int) -> None:
        super().__init__()
        require_whole("bodies", bodies, least=2)
        require_whole("channels", channels)
        require_whole("layers", layers)
        passing(channels, layers).require_memory(type(self).__name__)
        self.rep_in, self.rep_out = rep(f"{bodies}T0 + {2 * bodies}T1"), rep(f"{bodies}T1")
        self.bodies, self.dim = bodies, require_whole("dim", dim)

    def particles(self, inputs: Tensor) -> Particles:
        """Splits inputs (n, k (1 + 2 d)) into charges, positions and velocities.

        Raises:
            ValueError: If the inputs have another width.
        """
        sizes = [self.bodies, self.bodies * self.dim, self.bodies * self.dim]
        if inputs.shape[-1] != sum(sizes):
            raise ValueError(
                f"{self.bodies} particles in R^{self.dim} have {sum(sizes)} inputs: charges, "
                f"positions and velocities; got {inputs.shape[-1]}."
            )
        charges, *vectors = inputs.split(sizes, -1)
        positions, velocities = (v.unflatten(-1, (self.bodies, self.dim)) for v in vectors)
        return Particles(charges, positions, velocities)


def two_layers(first: int, channels: int, last: int) -> nn.Sequential:
    """A small MLP with silu between its two layers."""
    return nn.Sequential(nn.Linear(first, channels), nn.SiLU(), nn.Linear(channels, last))


class Messages(nn.Module):
    """Messages m_ij = phi(h_i, h_j, a_ij) between all pairs of particles.

    The first layer is applied to its three arguments apart, so that h is multiplied once for each
    particle and not for each pair.

    Args:
        channels: Width of features and messages.
        attributes: Number of attributes of a pair.

    Shape:
        Features (n, k, channels) and attributes (n, k, k, attributes) to (n, k, k, channels); the
        messages of a particle to itself are 0.
    """

    def __init__(self, channels: int, attributes: int) -> None:
        super().__init__()
        self.first = nn.Linear(2 * channels + attributes, channels)
        self.rest = nn.Sequential(nn.SiLU(), nn.Linear(channels, channels), nn.SiLU())
        self.channels = channels

    def forward(self, h: Tensor, attributes: Tensor) -> Tensor:
        """Computes the messages."""
        of_i, of_j, of_pair = self.first.weight.split(
            [self.channels, self.channels, attributes.shape[-1]], 1
        )
        at_i = nn.functional.linear(h, of_i, self.first.bias)[:, :, None]
        at_j = nn.functional.linear(h, of_j)[:, None]
        messages = self.rest(at_i + at_j + nn.functional.linear(attributes, of_pair))
        apart = 1 - torch.eye(h.shape[1], dtype=h.dtype, device=h.device)
        return messages * apart[..., None]
