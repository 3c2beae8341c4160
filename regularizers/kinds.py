"""The kinds of regularizers of a symmetry, by the names that users give."""

from __future__ import annotations

import inspect
from typing import Any

from softsym.plugins import load_plugin, plugins
from softsym.regularizers.base import Regularizer
from softsym.regularizers.function import FunctionRegularizer
from softsym.regularizers.lie_derivative import LieDerivativeRegularizer
from softsym.regularizers.projection import ProjectionRegularizer
from softsym.symmetries import Group

KINDS: dict[str, type[Regularizer]] = {
    "function": FunctionRegularizer,
    "lie": LieDerivativeRegularizer,
    "projection": ProjectionRegularizer,
}


def of_kind(
    kind: str, group: str | Group, strength: float, types: tuple[Any, Any], dim: int | None
) -> Regularizer:
    """Makes a regularizer of a group.

    Args:
        kind: ``function``, ``lie``, ``projection``, or the name of an entry point in
            ``softsym.regularizers``.
        group: The candidate symmetry.
        strength: Initial strength.
        types: Types of inputs and outputs, for kinds that take ``rep_in`` and ``rep_out``.
        dim: Dimension of the base space, where the name leaves it open.

    Raises:
        ValueError: If the kind or the group is not understood.
    """
    others = {} if kind in KINDS else plugins("regularizers")
    if kind not in KINDS and kind not in others:
        raise ValueError(f"kind must be one of {', '.join([*KINDS, *others])}; got {kind!r}.")
    made: Any = KINDS[kind] if kind in KINDS else load_plugin("regularizers", kind)
    given = {"rep_in": types[0], "rep_out": types[1], "dim": dim}
    taken = inspect.signature(made).parameters
    regularizer: Regularizer = made(
        group, strength, **{key: value for key, value in given.items() if key in taken}
    )
    return regularizer
