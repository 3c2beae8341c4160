"""A small transformer over agents and time: a network for scenes, not for single tracks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from softsym.networks.velocity_baselines import extrapolate
from softsym.symmetries import Rep, rep


class AgentTransformer(nn.Module):
    r"""Predicts one agent's path from its own observed steps and those of its neighbours.

    Each observed position is a token: the position, the step since the one before (0 where that
    was not observed), if given the velocity, a learned embedding of the time and one that tells the
    agent from its neighbours. They and a learned token that every scene has attend to each other;
    what that token holds in the end is mapped to a correction f of constant velocity,

    .. math:: \hat p_t = p_0 + t\,(p_0 - p_{-1}) + f_t, \qquad t = 1, \dots, T,

    which is hard to beat and so a good place to begin. What was not observed is attended by no one,
    so that its numbers, NaN included, change nothing; the order of the neighbours changes nothing
    either. The weights do not depend on the number of neighbours.

    Only the types of input and output are known. There is no typed layer inside, so projection
    regularizers have nothing to bind to; those in function space have.

    Args:
        rep_in: Type of the input: with k neighbours and H steps ``{(1+k)H}T1 + {(1+k)H}T0``, the
            positions, row-major (agent, time, coordinate), the agent to be predicted first and the
            oldest step first, and then for each (agent, time) 1 where it was observed and 0 where
            not. With velocities there are twice as many T1, the velocities after all positions.
            Without neighbours there are no scalars, and all was observed.
        rep_out: Type of the output, ``{T}T1``: the predicted positions.
        dim: Coordinates d of a position.
        neighbours: Number of neighbours k.
        velocities: Whether velocities are given.
        history: Observed steps H; None for as many as ``rep_in`` holds.
        width: Size of a token, a multiple of ``heads``.
        heads: Attention heads.
        layers: Attention layers; in the last only the learned token attends.
        dropout: Share of the numbers dropped in each layer while training.
        seed: Seed of the initial weights.

    Shape:
        (batch, rep_in.size(dim)) to (batch, rep_out.size(dim)), in the units of the input and best
        relative to the agent's last observed position.

    Raises:
        ValueError: If an argument is out of its range, or a type has another size than the others
            say.

    Example:
        >>> network = AgentTransformer("24T1 + 24T0", "12T1", dim=2, neighbours=2)
        >>> network.history, network(torch.zeros(5, 72)).shape
        (8, torch.Size([5, 24]))
    """

    def __init__(
        self,
        rep_in: str | Rep,
        rep_out: str | Rep,
        dim: int,
        neighbours: int = 0,
        velocities: bool = False,
        history: int | None = None,
        width: int = 64,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        _require_sizes(width, heads, layers, dropout)
        self.rep_in, self.rep_out = rep(rep_in), rep(rep_out)
        self.tokens = _tokens(self.rep_in, dim, neighbours, velocities, history)
        self.future = _future(self.rep_out, dim)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embed = nn.Linear(self.tokens.features, width)
            self.time = nn.Parameter(0.1 * torch.randn(self.tokens.history, width))
            self.kind = nn.Parameter(0.1 * torch.randn(2, width))
            self.query = nn.Parameter(0.1 * torch.randn(width))
            self.blocks = nn.ModuleList(_Block(width, heads, dropout) for _ in range(layers))
            self.norm = nn.LayerNorm(width)
            self.correction = nn.Linear(width, self.future * dim)
        with torch.no_grad():  # begins near constant velocity
            self.correction.weight.mul_(0.1)

    @property
    def history(self) -> int:
        """Observed steps H of each agent."""
        return self.tokens.history

    def forward(self, inputs: Tensor) -> Tensor:
        """Predicts the path.

        Args:
            inputs: (n, rep_in.size(dim)).

        Returns:
            Positions (n, T * dim), row-major (time, coordinate), oldest first.

        Raises:
            ValueError: If the input has another size.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.tokens.size:
            raise ValueError(
                f"The input must have the shape (n, {self.tokens.size}), that of {self.rep_in}; "
                f"got {tuple(inputs.shape)}."
            )
        features, known = self.tokens.split(inputs)
        kind = torch.cat([self.kind[:1], self.kind[1:].repeat(features.shape[1] - 1, 1)])
        tokens = self.embed(features) + self.time + kind[:, None]
        tokens = torch.cat([self.query.expand(len(inputs), 1, -1), tokens.flatten(1, 2)], 1)
        known = F.pad(known.flatten(1), (1, 0), value=True)
        for block in self.blocks[:-1]:
            tokens = block(tokens, tokens, known)
        answer = self.blocks[-1](tokens[:, :1], tokens, known)[:, 0]
        return self._constant_velocity(features) + self.correction(self.norm(answer))

    def _constant_velocity(self, features: Tensor) -> Tensor:
        """From the agent's last position on, (n, T * dim)."""
        dim = self.tokens.dim
        last = features[:, 0, -1]
        return extrapolate(last[:, :dim], last[:, dim : 2 * dim], self.future)


@dataclass(frozen=True)
class Tokens:
    """How an input falls into tokens.

    Args:
        dim: Coordinates of a position.
        agents: Number of agents.
        history: Steps of each.
        velocities: Whether velocities are given.
    """

    dim: int
    agents: int
    history: int
    velocities: bool

    @property
    def features(self) -> int:
        """Numbers of a token: position, step, velocity if given, and whether the step is known."""
        return self.dim * (3 if self.velocities else 2) + 1

    @property
    def size(self) -> int:
        """Numbers of an input."""
        scalars = 1 if self.agents > 1 else 0
        return self.agents * self.history * (self.dim * (2 if self.velocities else 1) + scalars)

    def split(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Features (n, agents, history, features), 0 where not observed, and what was observed."""
        kinds, grid = 2 if self.velocities else 1, (self.agents, self.history)
        moving = kinds * self.agents * self.history * self.dim
        vectors = inputs[:, :moving].unflatten(1, (kinds, *grid, self.dim)).unbind(1)
        if self.agents > 1:
            known = inputs[:, moving:].unflatten(1, grid) > 0.5
        else:
            known = torch.ones(len(inputs), *grid, dtype=torch.bool, device=inputs.device)
        # chosen, not multiplied: 0 times NaN is NaN
        position, *velocity = (torch.where(known[..., None], v, 0.0) for v in vectors)
        stepped = F.pad(known[:, :, 1:] & known[:, :, :-1], (1, 0))[..., None]
        step = torch.where(stepped, position - position.roll(1, 2), 0.0)
        return torch.cat([position, step, *velocity, stepped.to(position.dtype)], -1), known


class _Block(nn.Module):
    """Attention to what is known, then a perceptron; each on normalised tokens and added to them.

    Not ``nn.TransformerEncoderLayer``, whose fast path for inference knows no forward-mode
    derivative, which the Lie derivative of a network needs.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, asking: Tensor, tokens: Tensor, known: Tensor) -> Tensor:
        """Tokens (n, q, width) that ask (n, s, width), of which those known (n, s) answer."""
        query = self._by_head(self.query(self.before(asking)))
        key, value = map(self._by_head, self.key_value(self.before(tokens)).chunk(2, -1))
        mask = known[:, None, None]
        # the fused kernels can be differentiated neither forwards nor twice
        with sdpa_kernel(SDPBackend.MATH):
            answer = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        asking = asking + self.dropout(self.out(answer.transpose(1, 2).flatten(2)))
        return asking + self.dropout(self.perceptron(self.between(asking)))

    def _by_head(self, values: Tensor) -> Tensor:
        """(n, s, width) as (n, heads, s, width of a head)."""
        return values.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _require_sizes(width: int, heads: int, layers: int, dropout: float) -> None:
    for name, value in (("width", width), ("heads", heads), ("layers", layers)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1; got {value}.")
    if width % heads:
        raise ValueError(f"width must be a multiple of heads; got {width} and {heads}.")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be a share from 0 to below 1; got {dropout}.")


def _tokens(
    rep_in: Rep, dim: int, neighbours: int, velocities: bool, history: int | None
) -> Tokens:
    """What an input of this type holds."""
    if neighbours < 0:
        raise ValueError(f"neighbours must be at least 0; got {neighbours}.")
    if history is not None and history < 1:
        raise ValueError(f"history must be at least 1, or None to follow rep_in; got {history}.")
    size, per_step = rep_in.size(dim), Tokens(dim, 1 + neighbours, 1, velocities).size
    steps = size // per_step if history is None else history
    if steps < 1 or size != steps * per_step:
        wanted = f"{steps} steps" if history is not None else "a whole number of steps"
        example = _type_of(max(steps, 1), 1 + neighbours, velocities)
        raise ValueError(
            f"rep_in {str(rep_in)!r} has {size} numbers over R^{dim}, which are not {wanted} of "
            f"{per_step} numbers: {neighbours} neighbours, "
            f"{'with' if velocities else 'without'} velocities. A type that fits is {example!r}."
        )
    return Tokens(dim, 1 + neighbours, steps, velocities)


def _type_of(history: int, agents: int, velocities: bool) -> str:
    vectors = f"{agents * history * (2 if velocities else 1)}T1"
    return vectors if agents == 1 else f"{vectors} + {agents * history}T0"


def _future(rep_out: Rep, dim: int) -> int:
    """Predicted steps."""
    size = rep_out.size(dim)
    if size < 1 or size % dim:
        raise ValueError(
            f"rep_out {str(rep_out)!r} has {size} numbers over R^{dim}, which are no positions of "
            f"{dim} coordinates. A type that fits is '12T1'."
        )
    return size // dim
