"""The symmetry test on held-out batches of any nesting, with a trained network as the model."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning import Trainer
from torch import Tensor, nn

from softsym.lightning_modules.task import linked
from softsym.metrics import SymmetryTest, symmetry_test
from softsym.metrics.symmetry_tests.samples import spread_rows
from softsym.symmetries import Group, Rep
from softsym.symmetries.batches import (
    Types,
    flattened,
    is_invariant,
    over,
    reps,
    tensors,
    with_vectors,
)

MOST = 4000
"""Held-out samples that are tested."""
CHECKED_ROWS = 1 << 16
"""Rows looked through at a time for missing targets."""


def verdicts_on(
    network: nn.Module,
    x: Any,
    y: Any,
    groups: Mapping[str, Group],
    types: tuple[Types, Types],
    **settings: Any,
) -> SymmetryTest:
    """Tests symmetries of samples (x, y), which may be nested, with a network as the model.

    Whole numbers as targets of logits are labels of classes: then probabilities are tested.

    Args:
        network: Maps inputs to outputs of these types.
        x: Inputs; each of their tensors needs a type.
        y: Targets.
        groups: Candidates by name.
        types: Types of inputs and outputs.
        **settings: Further settings of :func:`softsym.symmetry_test`.

    Raises:
        ValueError: If samples do not fit the types, or the test cannot use them.
    """
    flat = flat_samples(network, x, y, types, next(iter(groups.values())))
    return symmetry_test(flat.x, flat.y, groups, *flat.types, model=flat.model, **settings)


class FlatSamples(NamedTuple):
    """Samples as vectors that hold all typed numbers, and a network between them.

    Attributes:
        x: Inputs (n, size in).
        y: Targets (n, size out).
        types: Their types.
        model: Maps inputs to outputs.
    """

    x: Tensor
    y: Tensor
    types: tuple[Rep, Rep]
    model: nn.Module


def chosen_rows(targets: Tensor, most: int, partial: bool) -> Tensor:
    """Rows (m,) of at most ``most`` samples, evenly spread over a split.

    Args:
        targets: Targets (n, ...).
        most: Number of rows.
        partial: Whether targets may be missing: pictures and estimates take samples that are whole.
    """
    rows = torch.arange(len(targets))
    if partial:
        known = [part.isfinite().flatten(1).all(1) for part in targets.split(CHECKED_ROWS)]
        rows = rows[torch.cat(known).cpu()]
    return rows[spread_rows(len(rows), most)]


def flat_samples(
    network: nn.Module,
    x: Any,
    y: Any,
    types: tuple[Types, Types],
    group: Group,
    link: nn.Module | None = None,
) -> FlatSamples:
    """Lays samples (x, y), which may be nested, out as vectors.

    Args:
        network: Maps inputs to outputs of these types.
        x: Inputs; each of their tensors needs a type.
        y: Targets; whole numbers as targets of logits become one-hot rows, with probabilities of
            the model.
        types: Types of inputs and outputs.
        group: Any of the groups, whose space the types are over.
        link: Maps outputs to the mean of the targets, where these are no labels.

    Raises:
        ValueError: If samples do not fit the types.
    """
    inputs, targets = _as_tensors(x), _as_tensors(y)
    rep_in, rep_out = (over(each, group) for each in types)
    if len(reps(rep_in)) != len(list(tensors(inputs))):
        raise ValueError(
            "The inputs hold tensors without a type, such as masks, which differ from sample to "
            "sample. The symmetry test needs a type for each tensor."
        )
    if _labels(targets, rep_out):
        targets = nn.functional.one_hot(targets, reps(rep_out)[0].size(group.space)).float()
        link = nn.Softmax(-1)
    flat_in, rows = flattened(rep_in, inputs, group.space)
    flat_out, wanted = flattened(rep_out, targets, group.space, "targets")
    model = _Flat(network, (rep_in, rep_out), inputs, group, link or nn.Identity())
    return FlatSamples(rows, wanted, (flat_in, flat_out), model)


class _Flat(nn.Module):
    """A network from and to vectors that hold all typed numbers of a sample."""

    def __init__(
        self,
        network: nn.Module,
        types: tuple[Types, Types],
        like: Any,
        G: Group,
        link: nn.Module,
    ) -> None:
        super().__init__()
        self.network, self.types, self.like, self.space = network, types, like, G.space
        self.link = link

    def forward(self, rows: Tensor) -> Tensor:
        """Maps (n, size in) to (n, size out)."""
        outputs = linked(self.link, self.network(with_vectors(self.types[0], self.like, rows)))
        return flattened(self.types[1], outputs, self.space, "outputs")[1]


def _labels(targets: Any, rep_out: Types) -> bool:
    """Whether targets (n,) are labels of the classes that scalars stand for as logits."""
    is_whole = isinstance(targets, Tensor) and targets.ndim == 1 and not targets.is_floating_point()
    return is_whole and len(reps(rep_out)) == 1 and is_invariant(reps(rep_out)[0])


def _as_tensors(batch: Any) -> Any:
    """The batch with arrays as tensors."""
    if isinstance(batch, Mapping):
        return {key: _as_tensors(part) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        return tuple(map(_as_tensors, batch))
    return batch if isinstance(batch, Tensor) else torch.as_tensor(np.asarray(batch))


def held_out(trainer: Trainer, most: int = MOST) -> tuple[Any, Any]:
    """The first samples of the trainer's validation loaders, on the CPU: inputs and targets.

    Raises:
        ValueError: If there is no such loader, or its batches are no pairs.
    """
    loaders = trainer.val_dataloaders
    loaders = loaders if isinstance(loaders, list) else [loaders] if loaders is not None else []
    if not loaders:
        raise ValueError("the trainer has no validation data; call verdicts(x, y)")
    kept: list[Any] = []
    count = 0
    for batch in chain.from_iterable(loaders):
        if not isinstance(batch, list | tuple) or len(batch) != 2:
            raise ValueError("validation batches are no pairs of inputs and targets")
        kept.append(batch)
        count += len(next(tensors(batch), torch.empty(0)))
        if count >= most:
            break
    if not count:
        raise ValueError("the validation data hold no samples")
    x, y = (_joined([batch[side] for batch in kept], most) for side in (0, 1))
    return x, y


def _joined(parts: list[Any], most: int) -> Any:
    """Batches of one nesting, end to end."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {key: _joined([part[key] for part in parts], most) for key in first}
    if isinstance(first, tuple | list):
        return tuple(_joined(list(each), most) for each in zip(*parts, strict=True))
    return torch.cat([part.detach().cpu() for part in parts])[:most]
