"""What networks for particles share: the parts of a state, and messages between all pairs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from softsym.networks.memory import passing
from softsym.symmetries import Rep, rep
from softsym.symmetries.numbers import require_whole


class Particles(NamedTuple):
    """The states of n samples of k particles in R^d."""

    charges: Tensor  # (n, k)
    positions: Tensor  # (n, k, d)
    velocities: Tensor  # (n, k, d)


def particle_types(bodies: int) -> tuple[Rep, Rep]:
    """The types of k particles' state, charges, positions and velocities, and of positions."""
    require_whole("bodies", bodies, least=2)
    return rep(f"{bodies}T0 + {bodies}T1 + {bodies}T1"), rep(f"{bodies}T1")


def require_layers(network: str, channels: int, layers: int) -> None:
    """Refuses sizes that are no whole numbers, or would not fit into memory."""
    require_whole("channels", channels)
    require_whole("layers", layers)
    passing(channels, layers).require_memory(network)


def particles(inputs: Tensor, bodies: int, dim: int) -> Particles:
    """Splits inputs (n, k (1 + 2 d)) into charges, positions and velocities.

    Raises:
        ValueError: If the inputs have another width.
    """
    if inputs.shape[-1] != bodies * (1 + 2 * dim):
        raise ValueError(
            f"{bodies} particles in R^{dim} have {bodies * (1 + 2 * dim)} inputs: charges, "
            f"positions and velocities; got {inputs.shape[-1]}."
        )
    sizes = [bodies, bodies * dim, bodies * dim]
    charges, *vectors = inputs.split(sizes, -1)
    positions, velocities = (values.unflatten(-1, (bodies, dim)) for values in vectors)
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
