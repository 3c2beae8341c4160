"""A small transformer over agents and time, for scenes instead of single tracks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from softsym.networks.memory import attending
from softsym.networks.velocity_baselines import extrapolate
from softsym.symmetries import Rep, rep
from softsym.symmetries.numbers import require_whole


class AgentTransformer(nn.Module):
    r"""Predicts one agent's path from its own observed steps and those of its neighbours.

    Each observed position is a token: an embedding of the position, of the step from the previous
    position (0 if that was not observed) and, if given, of the velocity, plus learned embeddings of
    the time and of the role (the agent or a neighbour). These tokens and one learned query token
    attend to each other. The final query token is mapped to a correction f of constant velocity,

    .. math:: \hat p_t = p_0 + t\,(p_0 - p_{-1}) + f_t, \qquad t = 1, \dots, T,

    a strong baseline and therefore a good starting point. Unobserved tokens are masked, so their
    values, NaN included, have no effect; neither has the order of the neighbours. The weights do
    not depend on the number of neighbours.

    Only the types of input and output are known. The layers inside are not typed, so projection
    regularizers cannot bind to them; regularizers in function space can.

    Args:
        rep_in: Type of the input: with k neighbours and H steps ``{(1+k)H}T1 + {(1+k)H}T0``, the
            positions, row-major (agent, time, coordinate), the predicted agent and the oldest step
            first, followed by a mask (agent, time), 1 where observed and 0 elsewhere. With
            velocities there are twice as many T1, the velocities after all positions, and a second
            mask of where they are known. Without neighbours there is no first mask, and every step
            counts as observed.
        rep_out: Type of the output, ``{T}T1``: the predicted positions.
        dim: Coordinates d of a position.
        neighbours: Number of neighbours k.
        velocities: Whether the input contains velocities.
        history: Number of observed steps H; None derives it from ``rep_in``.
        width: Size of a token, a multiple of ``heads``.
        heads: Number of attention heads.
        layers: Number of attention layers; in the last only the query token attends.
        dropout: Dropout probability of each layer during training.
        seed: Seed of the initial weights.

    Shape:
        (batch, rep_in.size(dim)) to (batch, rep_out.size(dim)), in the units of the input,
        preferably relative to the agent's last observed position.

    Raises:
        ValueError: If an argument is out of its range, or the sizes of the types do not fit the
            other arguments.

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
        self.future = _future_steps(self.rep_out, dim)
        hidden, last = attending(width, layers), self.future * dim
        hidden.require_memory(type(self).__name__, self.tokens.features, last)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.embed = nn.Linear(self.tokens.features, width)
            self.time = nn.Parameter(0.1 * torch.randn(self.tokens.history, width))
            self.kind = nn.Parameter(0.1 * torch.randn(2, width))
            self.query = nn.Parameter(0.1 * torch.randn(width))
            self.blocks = nn.ModuleList(_Block(width, heads, dropout) for _ in range(layers))
            self.norm = nn.LayerNorm(width)
            self.correction = nn.Linear(width, self.future * dim)
        with torch.no_grad():  # the initial prediction is close to constant velocity
            self.correction.weight.mul_(0.1)

    @property
    def history(self) -> int:
        """Number of observed steps H of each agent."""
        return self.tokens.history

    def forward(self, inputs: Tensor) -> Tensor:
        """Predicts the path (n, T * dim) of the first agent, row-major (time, coordinate)."""
        if inputs.ndim != 2 or inputs.shape[1] != self.tokens.size:
            raise ValueError(
                f"The input must have the shape (n, {self.tokens.size}) of {self.rep_in}; "
                f"got {tuple(inputs.shape)}."
            )
        features, known = self.tokens.split(inputs)
        kind = torch.cat([self.kind[:1], self.kind[1:].repeat(features.shape[1] - 1, 1)])
        tokens = self.embed(features) + self.time + kind[:, None]
        tokens = torch.cat([self.query.expand(inputs.shape[0], 1, -1), tokens.flatten(1, 2)], 1)
        known = F.pad(known.flatten(1), (1, 0), value=True)
        for block in self.blocks[:-1]:
            tokens = block(tokens, tokens, known)
        answer = self.blocks[-1](tokens[:, :1], tokens, known)[:, 0]
        last, dim = features[:, 0, -1], self.tokens.dim  # begins with position and step
        straight_on = extrapolate(last[:, :dim], last[:, dim : 2 * dim], self.future)
        return straight_on + self.correction(self.norm(answer))


@dataclass(frozen=True)
class Tokens:
    """Splits an input of several agents with ``history`` steps each into tokens."""

    dim: int
    agents: int
    history: int
    velocities: bool

    @property
    def features(self) -> int:
        """Features of a token: position, step, velocity if given, and which of them are known."""
        return 3 * self.dim + 2 if self.velocities else 2 * self.dim + 1

    @property
    def size(self) -> int:
        """Number of values in an input."""
        vectors = 2 if self.velocities else 1
        return self.agents * self.history * (self.dim * vectors + self.masks)

    @property
    def masks(self) -> int:
        """Number of masks: of positions if there are neighbours, and of velocities."""
        return int(self.agents > 1) + int(self.velocities)

    def split(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Returns features (n, agents, history, features), 0 where unobserved, and the mask."""
        kinds, grid = 2 if self.velocities else 1, (self.agents, self.history)
        moving = kinds * self.agents * self.history * self.dim
        vectors = inputs[:, :moving].unflatten(1, (kinds, *grid, self.dim)).unbind(1)
        given = inputs[:, moving:].unflatten(1, (self.masks, *grid)) > 0.5
        known = torch.ones(inputs.shape[0], *grid, dtype=torch.bool, device=inputs.device)
        known = given[:, 0] if self.agents > 1 else known
        masks = [known, known & given[:, -1]] if self.velocities else [known]
        # where, not a product with the mask: 0 times NaN is NaN
        position, *velocity = (
            torch.where(mask[..., None], v, 0.0) for v, mask in zip(vectors, masks, strict=True)
        )
        stepped = F.pad(known[:, :, 1:] & known[:, :, :-1], (1, 0))[..., None]
        step = torch.where(stepped, position - position.roll(1, 2), 0.0)
        flags = [flag.to(position.dtype) for flag in (stepped, *(m[..., None] for m in masks[1:]))]
        return torch.cat([position, step, *velocity, *flags], -1), known


class _Block(nn.Module):
    """A pre-norm residual block: masked attention, then a perceptron.

    ``nn.TransformerEncoderLayer`` is not used because its fast path for inference has no
    forward-mode derivative, which the Lie derivative of a network needs.
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
        """Updates tokens ``asking`` (n, q, width) by attention to the ``known`` (n, s) ones."""
        query = self._by_head(self.query(self.before(asking)))
        key, value = map(self._by_head, self.key_value(self.before(tokens)).chunk(2, -1))
        mask = known[:, None, None]
        # The fused attention kernels support neither forward-mode nor second derivatives.
        with sdpa_kernel(SDPBackend.MATH):
            answer = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        asking = asking + self.dropout(self.out(answer.transpose(1, 2).flatten(2)))
        return asking + self.dropout(self.perceptron(self.between(asking)))

    def _by_head(self, values: Tensor) -> Tensor:
        """Splits (n, s, width) into (n, heads, s, width of a head)."""
        return values.unflatten(-1, (self.heads, -1)).transpose(1, 2)


def _require_sizes(width: int, heads: int, layers: int, dropout: float) -> None:
    for name, value in (("width", width), ("heads", heads), ("layers", layers)):
        require_whole(name, value)
    if width % heads:
        raise ValueError(f"width must be a multiple of heads; got {width} and {heads}.")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be at least 0 and below 1; got {dropout}.")


def _tokens(
    rep_in: Rep, dim: int, neighbours: int, velocities: bool, history: int | None
) -> Tokens:
    """Derives the tokens of an input from its type."""
    if neighbours < 0:
        raise ValueError(f"neighbours must be at least 0; got {neighbours}.")
    if history is not None and history < 1:
        raise ValueError(f"history must be at least 1, or None to follow rep_in; got {history}.")
    size, per_step = rep_in.size(dim), Tokens(dim, 1 + neighbours, 1, velocities).size
    steps = size // per_step if history is None else history
    if steps < 1 or size != steps * per_step:
        wanted = f"{steps} steps" if history is not None else "a whole number of steps"
        example = _matching_type(max(steps, 1), 1 + neighbours, velocities)
        raise ValueError(
            f"rep_in {str(rep_in)!r} has {size} numbers over R^{dim}, which is not {wanted} of "
            f"{per_step} numbers for {neighbours} neighbours "
            f"{'with' if velocities else 'without'} velocities. A matching type is {example!r}."
        )
    return Tokens(dim, 1 + neighbours, steps, velocities)


def _matching_type(history: int, agents: int, velocities: bool) -> str:
    vectors = f"{agents * history * (2 if velocities else 1)}T1"
    masks = Tokens(1, agents, history, velocities).masks
    return f"{vectors} + {masks * agents * history}T0" if masks else vectors


def _future_steps(rep_out: Rep, dim: int) -> int:
    """Number of predicted steps."""
    size = rep_out.size(dim)
    if size < 1 or size % dim:
        raise ValueError(
            f"rep_out {str(rep_out)!r} has {size} numbers over R^{dim}, which is not a number of "
            f"positions of {dim} coordinates. A matching type is '12T1'."
        )
    return size // dim
