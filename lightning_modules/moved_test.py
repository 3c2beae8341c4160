"""What a user loses if the world turns: test metrics on samples that a group has moved."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lightning import Trainer
from lightning_utilities.core.apply_func import apply_to_collection
from torch import Tensor, nn
from torch.linalg import LinAlgError
from torchmetrics import MetricCollection

from softsym.lightning_modules.moved_batches import moved_batch
from softsym.metrics.heads import HeadMetrics
from softsym.metrics.symmetry_tests.samples import spread_rows
from softsym.symmetries import Group
from softsym.symmetries.batches import Types, flattened, over, tensors
from softsym.symmetries.own_elements import OwnElements, content_keys, shares

log = logging.getLogger(__name__)

MOST = 20_000
"""At most about this many test samples are moved; their content decides which."""
REFERENCE = 1000
"""Test samples to whose places on their orbits a group that is not compact moves others."""

Measure = Callable[[HeadMetrics, Any, Any], None]
"""Adds predictions and targets to a metric, in the units of the data."""


class MovedTest(nn.Module):
    r"""Test metrics on moved samples, under ``test/moved/<name>/<metric>``.

    .. math:: (\rho_\mathrm{in}(g) x,\ \rho_\mathrm{out}(g) y)

    with one random element g other than the identity for each sample
    (:class:`softsym.symmetries.own_elements.OwnElements`). This is the test set as if its world had
    been moved, and its coordinates with it: what the model then loses is the risk of a user whose
    inputs are shifted so. It does not say whether the symmetry holds. Where the data break it, a
    world that really turns gives other targets than the moved ones.

    Args:
        groups: Candidates by name.
        types: Types of inputs and targets.
        metrics: The metrics, which are cloned for each candidate.
        trainer: Its datamodule may have all test samples in ``splits["test"]``; only then are they
            capped at :data:`MOST`, and do groups that are not compact know how far the data reach.

    Attributes:
        reasons: Name -> why nothing is measured under a candidate.
    """

    def __init__(
        self,
        groups: Mapping[str, Group],
        types: tuple[Types, Types],
        metrics: MetricCollection,
        trainer: Trainer,
    ) -> None:
        super().__init__()
        self.groups, self.types = dict(groups), types
        self.reasons: dict[str, str] = {}
        self.metrics: Any = nn.ModuleDict(
            {name: HeadMetrics(metrics, f"test/moved/{name}/") for name in groups}
        )
        known = _test_inputs(trainer)
        self._share = 1.0 if known is None else MOST / max(len(known), 1)
        rows = None if known is None else known[spread_rows(len(known), REFERENCE)].cpu()
        self._elements: dict[str, OwnElements] = {}
        for name, G in self.groups.items():
            with self._noting(name):
                reference = None if rows is None else flattened(over(types[0], G), rows, G.space)
                self._elements[name] = OwnElements(G, reference)

    def update(self, network: nn.Module, measure: Measure, batch: tuple[Any, Any]) -> None:
        """Measures a network on a batch of inputs and targets, moved under each candidate."""
        for name in [name for name in self._elements if name not in self.reasons]:
            moved = None
            with self._noting(name):
                moved = self._moved(name, batch)
            if moved is not None:
                measure(self.metrics[name], network(moved[0]), moved[1])

    def compute(self, trainer: Trainer) -> dict[str, Tensor]:
        """All metrics over all processes, and forgets the batches."""
        values: dict[str, Tensor] = {}
        for name, metric in self.metrics.items():
            # a collective of some processes alone would wait for ever
            if trainer.strategy.reduce_boolean_decision(name not in self.reasons):
                values |= metric.compute()
            else:
                why = self.reasons.setdefault(name, "Another process could not move its samples.")
                log.warning("The test has no error of samples moved by %s: %s", name, why)
            metric.reset()
        return values

    def _moved(self, name: str, batch: tuple[Any, Any]) -> tuple[Any, Any] | None:
        """The moved batch; None if no sample of it is among those that are moved."""
        G = self.groups[name]
        x = flattened(over(self.types[0], G), batch[0], G.space)[1]
        if self._share < 1:
            kept = shares(content_keys(x)) < self._share
            x, batch = x[kept], (batch[0][kept], batch[1][kept])
        if not len(x):
            return None
        moved = moved_batch(batch, self.types, G, self._elements[name](x))
        if _missing(moved[1]) > _missing(batch[1]):
            raise ValueError(
                "Some targets are missing in part, and cannot be moved without the rest."
            )
        # laid out as batches of the loader are: networks and metrics may ask for views
        return apply_to_collection(moved, Tensor, Tensor.contiguous)

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        """Turns an error that a candidate causes into the reason why it is not measured."""
        try:
            yield
        # of numbers, such as a singular matrix: a test without this is better than none
        except (ValueError, LinAlgError) as reason:
            self.reasons[name] = str(reason)


def _missing(targets: Any) -> int:
    """Number of NaN among targets, tensors or nested."""
    return sum(int(y.isnan().sum()) for y in tensors(targets) if y.is_floating_point())


def _test_inputs(trainer: Trainer) -> Any:
    """All inputs of the test split (n, ...), where the datamodule has them; else None."""
    splits = getattr(getattr(trainer, "datamodule", None), "splits", None)
    pair = splits.get("test") if isinstance(splits, Mapping) else None
    return pair[0] if isinstance(pair, tuple | list) else None
