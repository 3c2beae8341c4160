"""Checks that all ranks of a training are at one."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.distributed as dist
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from softsym.lightning_modules.exchange import StepExchange
from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.runs.errors import UserError

State = dict[str, list[float]]
"""Numbers by the name of the tensor that they are of."""

NORMS_AGREE = 1e-4
"""Relative difference of a weight's norm that processors of different makes may arrive at."""


class DisagreementError(UserError, RuntimeError):
    """Two ranks hold different strengths, policy states, metrics or weights."""


class RankAgreement(Callback):
    """With several ranks compares, at every step, what must be the same on all of them.

    Before each step the strengths and the policy's state; before the first of an epoch also the
    metrics so far and the norms of the weights. Each rank sends a digest, which costs no waiting
    (:class:`~softsym.lightning_modules.exchange.StepExchange`); only where digests differ, found
    one step later, the numbers themselves are sent, to name the tensor. Norms of weights are
    compared to a relative 1e-4, all else bit for bit.
    """

    def __init__(self) -> None:
        self._steps: StepExchange | None = None
        self._norms: StepExchange | None = None
        self._sent: State = {}

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Prepares to ask the other ranks."""
        if trainer.world_size > 1:
            self._steps, self._norms = StepExchange(trainer), StepExchange(trainer)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Compares.

        Raises:
            DisagreementError: On all ranks, naming the rank and the tensor.
        """
        if self._steps is None or self._norms is None:
            return
        module = cast(SymmetryModule, pl_module)
        state = policy_state(module)
        if batch_idx == 0:
            state |= {name: [float(value)] for name, value in trainer.callback_metrics.items()}
            norms = weight_norms(module)
            self._compare_norms(self._norms.step(torch.tensor(list(norms.values()))), list(norms))
        table = self._steps.step(digest(state))
        if table is not None and not bool((table == table[0]).all()):
            raise DisagreementError(difference(_gathered(self._sent)))
        self._sent = state

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends what is under way."""
        for exchange in (self._steps, self._norms):
            if exchange is not None:
                exchange.drain()
        self._steps = self._norms = None

    def _compare_norms(self, table: Tensor | None, names: list[str]) -> None:
        if table is None:
            return
        bad = ~torch.isclose(table, table[:1], rtol=NORMS_AGREE, atol=0.0, equal_nan=True)
        if bad.any():
            rank, column = (int(i) for i in bad.nonzero()[0])
            raise DisagreementError(
                _message(rank, f"the norm of the weight {names[column]}", table[:, column].tolist())
            )


def policy_state(module: SymmetryModule) -> State:
    """Strengths and all numbers that the policy remembers."""
    state = {f"strength/{name}": [r.strength] for name, r in module.regularizers.items()}
    return state | _numbers("policy", module.tuning.policy.state_dict())


def weight_norms(module: SymmetryModule) -> dict[str, float]:
    """Norm of each weight."""
    named = dict(module.network.named_parameters())
    norms = torch._foreach_norm([p.detach() for p in named.values()]) if named else []
    return dict(
        zip(named, torch.stack(list(norms)).double().tolist() if norms else (), strict=True)
    )


def digest(state: State) -> Tensor:
    """What tells this state from all others, (4,) int64."""
    text = repr(sorted(state.items())).encode()
    return torch.frombuffer(bytearray(hashlib.sha256(text).digest()), dtype=torch.int64)


def difference(states: list[State]) -> str:
    """Says which tensor of which rank is another than that of rank 0.

    Args:
        states: One from each rank.
    """
    for rank, state in enumerate(states):
        for name in sorted(states[0].keys() | state.keys()):
            ours, theirs = states[0].get(name), state.get(name)
            if repr(ours) != repr(theirs):
                return _message(rank, name, [s.get(name) for s in states])
    return "The ranks' states differ in a way that cannot be shown."


def _message(rank: int, name: str, values: list[Any]) -> str:
    shown = ", ".join(f"{value} on rank {i}" for i, value in enumerate(values[:8]))
    return (
        f"Rank {rank} disagrees with rank 0 about {name}: {shown}. Whatever changes it must do so "
        "from the same numbers on all ranks, as those that strategy.reduce gives."
    )


def _gathered(state: State) -> list[State]:
    states: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(states, state)
    return states


def _numbers(name: str, value: Any) -> State:
    """All numbers of a nested state by their places in it."""
    if isinstance(value, Mapping):
        parts = [_numbers(f"{name}/{key}", each) for key, each in value.items()]
    elif isinstance(value, list | tuple):
        parts = [_numbers(f"{name}/{place}", each) for place, each in enumerate(value)]
    elif isinstance(value, Tensor):
        return {name: value.detach().double().flatten().tolist()}
    elif isinstance(value, int | float):
        return {name: [float(value)]}
    else:
        return {name: [float(zlib.crc32(repr(value).encode()))]}
    return {key: numbers for part in parts for key, numbers in part.items()}
