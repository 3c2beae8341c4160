"""The unconstrained baseline, a plain multilayer perceptron."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from softsym.networks.auto_types import auto_types
from softsym.networks.memory import plain
from softsym.symmetries import Group, Rep, rep
from softsym.symmetries import group as parse_group
from softsym.symmetries.numbers import require_whole


class MLP(nn.Module):
    """Plain multilayer perceptron with silu; its layers are not typed unless asked for.

    Args:
        rep_in: Type of the input.
        rep_out: Type of the output.
        dim: Dimension of the base space.
        channels: Width of the hidden layers.
        hidden_layers: Number of hidden layers.
        seed: Seed of the initial weights.
        hidden_group: Finite group by which :func:`~softsym.networks.auto_types` types the layers,
            so that projection regularizers of it and its subgroups can bind; None for no types.

    Shape:
        (batch, rep_in.size(dim)) to (batch, rep_out.size(dim)).
    """

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        dim: int,
        channels: int = 128,
        hidden_layers: int = 3,
        seed: int = 0,
        hidden_group: str | Group | None = None,
    ) -> None:
        super().__init__()
        require_whole("hidden_layers", hidden_layers)
        require_whole("channels", channels)
        self.rep_in, self.rep_out = rep(rep_in), rep(rep_out)
        first, last = self.rep_in.size(dim), self.rep_out.size(dim)
        plain(channels, hidden_layers).require_memory(type(self).__name__, first, last)
        widths = [first, *[channels] * hidden_layers]
        layers: list[nn.Module] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for before, after in pairwise(widths):
                layers += [nn.Linear(before, after), nn.SiLU()]
            layers.append(nn.Linear(channels, last))
        self.layers = nn.Sequential(*layers)
        if hidden_group is not None:
            auto_types(self, parse_group(hidden_group, dim))

    def forward(self, inputs: Tensor) -> Tensor:
        """Maps (batch, rep_in) to (batch, rep_out)."""
        return self.layers(inputs)
