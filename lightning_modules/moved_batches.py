"""Moves a batch of inputs and targets together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.batches import Types, is_invariant, over, transform
from softsym.symmetries.elements import Element


def moved_batch(
    batch: tuple[Any, Any], types: tuple[Types, Types], G: Group, g: Element
) -> tuple[Any, Any]:
    """Moves inputs and targets, (rho_in(g) x, rho_out(g) y).

    The action is computed in float64; the moved batch has the precision of the given one. Labels of
    classes, whole numbers in place of the scalars that are their logits, stay as they are.

    Args:
        batch: Inputs and targets, tensors (n, ..., size) or nested.
        types: Their types.
        G: The group.
        g: An element (n, d, d) for each sample.

    Raises:
        ValueError: If a tensor does not fit its type, or elements would move the logits of labels.
    """
    of_inputs, of_targets = (over(each, G) for each in types)
    inputs = transform(of_inputs, batch[0], g)
    return inputs, transform(_of_numbers(of_targets, batch[1]), batch[1], g, what="targets")


def _of_numbers(types: Types, targets: Any) -> Types:
    """The types of targets, with none for labels of classes."""
    if isinstance(types, Mapping) and isinstance(targets, Mapping):
        return {k: _of_numbers(R, targets[k]) if k in targets else R for k, R in types.items()}
    if isinstance(types, tuple) and isinstance(targets, list | tuple):
        if len(types) == len(targets):
            return tuple(_of_numbers(R, y) for R, y in zip(types, targets, strict=True))
    elif isinstance(types, Rep) and isinstance(targets, Tensor) and not targets.is_floating_point():
        if not is_invariant(types):
            raise ValueError(
                f"The targets are labels of classes, but their logits have the type {types}, which "
                "group elements move."
            )
        return None
    return types
