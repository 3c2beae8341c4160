"""What a fold of a selection says of the environments that it held out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from softsym.datamodules.base import TensorDataModule
from softsym.metrics import SymmetryTest, symmetry_test
from softsym.metrics.symmetry_tests.samples import spread_rows
from softsym.symmetries import Group

log = logging.getLogger(__name__)

REGRESSED = 600
"""Samples that a regression within held-out environments is fitted to; its time grows with the
square of their number."""


def sharper(
    test: SymmetryTest,
    samples: tuple[Tensor, Tensor, Tensor | None],
    groups: Mapping[str, Group],
    data: TensorDataModule,
) -> SymmetryTest:
    """The test of a fold with the predictor that explains more of its environments.

    A model that has seen other environments alone knows nothing of a break that they lack. So a
    regression, fitted to halves of these samples in turn, is the other predictor. What a predictor
    explains decides, not its verdict.

    Args:
        test: The test with the model.
        samples: Inputs (n, size in), targets (n, size out) and clusters (n,) of the environments.
        groups: The candidates by name.
        data: The data, with their types.
    """
    x, y, clusters = samples
    few = spread_rows(len(x), REGRESSED)
    labels = None if clusters is None else clusters[few]
    try:
        own = symmetry_test(x[few], y[few], groups, data.rep_in, data.rep_out, clusters=labels)
    except (ValueError, RuntimeError) as reason:
        log.warning("The held-out environments are tested with the model alone: %s", reason)
        return test
    return max(test, own, key=lambda each: each.explained["all"][0])


def fold_record(data: TensorDataModule) -> dict[str, Any]:
    """Which environments a fold held out, for its record; empty for any other run."""
    if data.fold is None or data.fold.number is None:
        return {}
    names = [data.environment_name(label) for label in data.fold.held]
    fold = {"number": data.fold.number, "of": len(data.fold.folds), "environments": names}
    return {"fold": fold}


def source_of_verdicts(data: TensorDataModule) -> str:
    """Names the samples that a run's verdicts are from, for its page."""
    if data.fold is None:
        return "validation and test"
    if data.fold.number is None:
        return "environments that a fold held out, pooled by medians over the folds"
    return "the environments that this fold held out"
