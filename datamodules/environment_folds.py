"""Folds of environments, such as subjects or scenes, that are held out one after another."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

log = logging.getLogger(__name__)

FEWEST = 3
"""Least number of environments: of two, one would train and one choose, without a majority."""
LEARNING = ("train", "val")
"""Splits whose environments are dealt out; those of the test stay out of everything."""


@dataclass(frozen=True)
class EnvironmentFold:
    """What one of the trainings of a selection leaves out.

    Attributes:
        number: Number of the fold, from 0; None for the final training, which holds nothing out.
        folds: Labels of the environments of each fold.
    """

    number: int | None
    folds: Sequence[Sequence[Any]]

    @property
    def held(self) -> Sequence[Any]:
        """Labels of the held-out environments."""
        return () if self.number is None else self.folds[self.number]

    def regroup(
        self,
        parts: Mapping[str, Sequence[np.ndarray]],
        environments: Mapping[str, np.ndarray],
    ) -> dict[str, list[np.ndarray]]:
        """Splits the samples of training and validation anew, by their environments.

        The held-out environments are the validation, and the test of this training as well. The
        final training has no validation, and the test of the data.

        Args:
            parts: Split -> arrays with a row for each of its samples.
            environments: Split -> label of the environment of each sample (n,).
        """
        pooled = [np.concatenate(pair) for pair in zip(*(parts[s] for s in LEARNING), strict=True)]
        if self.number is None:
            return {"train": pooled, "test": list(parts["test"])}
        labels = np.concatenate([environments[split] for split in LEARNING])
        out = np.isin(labels, np.array(self.held))
        held = [values[out] for values in pooled]
        return {"train": [values[~out] for values in pooled], "val": held, "test": held}


def environment_folds(environments: Mapping[str, np.ndarray], most: int) -> list[list[Any]]:
    """Deals environments out to folds of about equal numbers of samples.

    The largest environment goes first, each to the fold that is smallest by then; so the same data
    always have the same folds. Few environments have a fold each.

    Args:
        environments: Split -> label of the environment of each sample (n,).
        most: Number of folds, unless there are fewer environments.

    Returns:
        Labels of the environments of each fold.

    Raises:
        ValueError: If training and validation have fewer than three environments.

    Example:
        >>> environment_folds({"train": np.array([7, 7, 7, 8, 8]), "val": np.array([9])}, most=2)
        [[7], [8, 9]]
    """
    labels, counts = np.unique(
        np.concatenate([environments[split] for split in LEARNING]), return_counts=True
    )
    if len(labels) < FEWEST:
        raise ValueError(
            f"Training and validation have {len(labels)} environments, {labels.tolist()}: too few "
            f"to hold one out after the other. Give at least {FEWEST}, or train without select."
        )
    if shared := set(labels.tolist()) & set(np.unique(environments.get("test", ())).tolist()):
        log.warning(
            "%d environments are in the test as well as in the training, such as %s: the test says "
            "nothing about new environments.",
            len(shared),
            min(shared),
        )
    folds: list[list[Any]] = [[] for _ in range(min(most, len(labels)))]
    sizes = np.zeros(len(folds))
    for place in np.argsort(-counts, kind="stable"):
        smallest = int(sizes.argmin())
        folds[smallest].append(labels[place].item())
        sizes[smallest] += counts[place]
    # by label, so that fold 0 of few environments is the first
    return sorted(sorted(fold) for fold in folds)
