"""Checks that all ranks of a training agree."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, cast

import torch
import torch.distributed as dist
from lightning import Callback, LightningModule, Trainer
from torch import Tensor

from softsym.lightning_modules.callbacks.step_exchange import StepExchange
from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.runs.errors import UserError

State = dict[str, list[float]]
"""The numbers of each tensor, by its name."""

NORMS_AGREE = 1e-4
"""Relative difference between norms of a weight that processors of different makes may compute."""


class DisagreementError(UserError, RuntimeError):
    """Two ranks hold different strengths, policy states, metrics or weights."""


class RankAgreement(Callback):
    """Compares before every step what must be the same on all ranks.

    These are the strengths and the policy's state; at the first step of an epoch also the metrics
    so far and the norms of the weights. Each rank sends a digest, which costs no waiting
    (:class:`StepExchange`). Where digests turn out to differ, one step later, the ranks send the
    numbers themselves to name the tensor. Norms of weights may differ by a relative 1e-4, all else
    must agree bit for bit.
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
        """Sends this step's digest and checks those of the step before, on all ranks alike."""
        if self._steps is None or self._norms is None:
            return
        module = cast(SymmetryModule, pl_module)
        state = policy_state(module)
        if batch_idx == 0:
            state |= {name: [float(value)] for name, value in trainer.callback_metrics.items()}
            norms = weight_norms(module)
            self._compare_norms(self._norms.step(torch.tensor(list(norms.values()))), list(norms))
        table = self._steps.step(digest(state))
        # all ranks see the same table, so that all come to gather here, or none
        if table is not None and not bool((table == table[0]).all()):
            raise DisagreementError(difference(_gather(self._sent)))
        self._sent = state

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Awaits the exchanges that are under way."""
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
    """Collects the strengths and all numbers in the policy's state."""
    state = {f"strength/{name}": [r.strength] for name, r in module.regularizers.items()}
    return state | _flatten("policy", module.tuning.policy.state_dict())


def weight_norms(module: SymmetryModule) -> dict[str, float]:
    """Computes the norm of each weight."""
    named = dict(module.network.named_parameters())
    norms = torch._foreach_norm([p.detach() for p in named.values()]) if named else []
    values = torch.stack(list(norms)).double().tolist() if norms else []
    return dict(zip(named, values, strict=True))


def digest(state: State) -> Tensor:
    """Computes the SHA-256 digest of a state, (4,) int64."""
    text = repr(sorted(state.items())).encode()
    return torch.frombuffer(bytearray(hashlib.sha256(text).digest()), dtype=torch.int64)


def difference(states: list[State]) -> str:
    """Describes the first tensor in which a rank differs from rank 0, given the state of each."""
    for rank, state in enumerate(states):
        for name in sorted(states[0].keys() | state.keys()):
            ours, theirs = states[0].get(name), state.get(name)
            if repr(ours) != repr(theirs):
                return _message(rank, name, [s.get(name) for s in states])
    return "The ranks' states differ in a way that cannot be shown."


def _message(rank: int, name: str, values: list[Any]) -> str:
    shown = ", ".join(f"{value} on rank {i}" for i, value in enumerate(values[:8]))
    return (
        f"Rank {rank} disagrees with rank 0 about {name}: {shown}. Code that changes it must use "
        "the same numbers on all ranks, such as those that strategy.reduce returns."
    )


def _gather(state: State) -> list[State]:
    states: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(states, state)
    return states


def _flatten(name: str, value: Any) -> State:
    """Lists all numbers in a nested state by their paths; other values by a checksum."""
    if isinstance(value, Mapping):
        parts = [_flatten(f"{name}/{key}", each) for key, each in value.items()]
    elif isinstance(value, list | tuple):
        parts = [_flatten(f"{name}/{place}", each) for place, each in enumerate(value)]
    elif isinstance(value, Tensor):
        return {name: value.detach().double().flatten().tolist()}
    elif isinstance(value, int | float):
        return {name: [float(value)]}
    else:
        return {name: [float(zlib.crc32(repr(value).encode()))]}
    return {key: numbers for part in parts for key, numbers in part.items()}
