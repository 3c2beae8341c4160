"""The kinds of regularizers of a symmetry, by the names that users give."""

from __future__ import annotations

from typing import Any

from softsym.regularizers.base import Regularizer
from softsym.regularizers.function import FunctionRegularizer
from softsym.regularizers.lie_derivative import LieDerivativeRegularizer
from softsym.regularizers.projection import ProjectionRegularizer
from softsym.symmetries import Group

OF_FUNCTIONS = {"function": FunctionRegularizer, "lie": LieDerivativeRegularizer}
KINDS = (*OF_FUNCTIONS, "projection")


def of_kind(
    kind: str, group: str | Group, strength: float, types: tuple[Any, Any], dim: int | None
) -> Regularizer:
    """Makes a regularizer of a group.

    Args:
        kind: ``function``, ``lie`` or ``projection``.
        group: The candidate symmetry.
        strength: Initial strength.
        types: Types of inputs and outputs; layers have their own for ``projection``.
        dim: Dimension of the base space, where the name leaves it open.

    Raises:
        ValueError: If the kind or the group is not understood.
    """
    if kind == "projection":
        return ProjectionRegularizer(group, strength, dim=dim)
    if kind not in OF_FUNCTIONS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")
    return OF_FUNCTIONS[kind](group, strength, *types, dim=dim)
