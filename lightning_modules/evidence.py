"""Answers what a strength policy asks of held-out samples."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from lightning import Trainer
from torch import Tensor, nn

from softsym.lightning_modules.held_out import (
    FlatSamples,
    chosen_rows,
    flat_samples,
    held_out,
)
from softsym.metrics import SymmetryTest, symmetry_test
from softsym.metrics.symmetry_tests.asymmetry import asymmetries
from softsym.metrics.symmetry_tests.model import evaluating
from softsym.metrics.symmetry_tests.samples import spread_rows
from softsym.regularizers.policies import HeldOut, Question
from softsym.symmetries import Group
from softsym.symmetries.batches import Types, is_typed

log = logging.getLogger(__name__)

MEASURED = 256
"""Samples on which the asymmetry of the network is measured."""
TESTED = 400
"""Samples on which symmetries are tested: a break that shows on more costs less than the test."""


class Studied(NamedTuple):
    """The network that a policy asks about.

    Attributes:
        network: Maps inputs to outputs.
        types: Types of inputs and outputs.
        link: Maps outputs to the mean of the targets, such as softmax.
        loss: The task loss of predictions and targets, where it is known.
    """

    network: nn.Module
    types: tuple[Types, Types]
    link: nn.Module | None = None
    loss: Callable[[Any, Any], Tensor] | None = None


class Witness:
    """Answers questions about a network from validation samples, on rank 0 for all.

    The samples are chosen once, evenly spread over the split where the datamodule has them all.
    """

    def __init__(self) -> None:
        self._samples: tuple[Any, Any, Tensor | None] | None = None
        self._silent = False

    def answer(
        self,
        trainer: Trainer,
        studied: Studied,
        groups: Mapping[str, Group],
        question: Question,
        seed: int,
    ) -> HeldOut | None:
        """What held-out samples say; None where there are none that fit, which is logged once.

        Args:
            trainer: The trainer, which has the samples.
            studied: The network.
            groups: All candidates by name.
            question: What to answer.
            seed: Seed of the elements.
        """
        found = None
        if trainer.is_global_zero and not self._silent:
            asked = {name: groups[name] for name in question.names}
            try:
                found = self._answer(trainer, studied, asked, question.test, seed)
            except ValueError as reason:
                self._silent = True
                log.warning(
                    "The policy goes by the penalties on training data, since held-out samples do "
                    "not answer: %s",
                    reason,
                )
        return trainer.strategy.broadcast(found)

    def _answer(
        self,
        trainer: Trainer,
        studied: Studied,
        groups: Mapping[str, Group],
        test: str,
        seed: int,
    ) -> HeldOut:
        if not all(map(is_typed, studied.types)):
            raise ValueError("the types of inputs and outputs are not known.")
        if self._samples is None:
            # a loader draws a seed, which must not move the draws of the training
            with torch.random.fork_rng(devices=[]):
                self._samples = _samples(trainer)
        x, y, clusters = self._samples
        first = next(iter(groups.values()))
        flat = flat_samples(studied.network, x, y, studied.types, first, studied.link)
        few = spread_rows(len(flat.x), MEASURED)
        unexplained, found = asymmetries(
            flat.model,
            *(flat.x[few], flat.y[few], groups, flat.types),
            clusters=None if clusters is None else clusters[few],
            seed=seed,
        )
        if test == "no":
            return HeldOut(unexplained, found)
        tested = _tested(flat, clusters, groups, test, seed)
        value, low, _ = tested.explained["all"]
        verdicts = dict(tested) if low > 0 else {}
        return HeldOut(unexplained, found, verdicts, value, _loss(trainer, studied, (x, y)))


def _loss(trainer: Trainer, studied: Studied, batch: tuple[Any, Any]) -> float:
    """The task loss of the network on some samples; NaN where it is not known."""
    if studied.loss is None:
        return math.nan
    x, y = trainer.strategy.batch_to_device(batch)
    with evaluating(studied.network), torch.no_grad():
        return float(studied.loss(studied.network(x), y))


def _tested(
    flat: FlatSamples,
    clusters: Tensor | None,
    groups: Mapping[str, Group],
    test: str,
    seed: int,
) -> SymmetryTest:
    return symmetry_test(
        *(flat.x, flat.y, groups, *flat.types),
        model=flat.model if test == "network" else None,
        clusters=clusters,
        seed=seed,
        tight=False,
    )


def _samples(trainer: Trainer) -> tuple[Any, Any, Tensor | None]:
    """Validation samples: inputs, targets and clusters, if known."""
    data = getattr(trainer, "datamodule", None)
    splits = getattr(data, "splits", None)
    if not splits or "val" not in splits:
        return (*held_out(trainer, TESTED), None)
    x, y = splits["val"]
    rows = chosen_rows(y, TESTED, getattr(data, "partial_targets", False))
    labels = getattr(data, "clusters", None)
    clusters = None if labels is None else torch.as_tensor(labels["val"])[rows]
    return x[rows].cpu(), y[rows].cpu(), clusters
