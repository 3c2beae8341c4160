"""Checks of the inputs and types of functions between typed spaces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.batches import (
    flattened,
    over,
    read_types,
    sample_count,
    with_vectors,
)
from softsym.symmetries.elements import Space
from softsym.symmetries.representations import Sum

Function = Callable[[Any], Any]
"""Maps (n, size in) to (n, size out), or nested batches to nested batches."""


TABLE = 2
"""Axes of a table of vectors."""


def require_size(what: str, R: Rep, G: Group, values: Tensor) -> None:
    """Raises a ValueError unless values (n, size) have the type R over the space of G."""
    size = R.over(G).size(G.space)
    if values.ndim != 2 or values.shape[1] != size:
        raise ValueError(
            f"{what} {str(R)!r} has {size} numbers over R^{G.dim}, where {G} acts; got "
            f"values of shape {tuple(values.shape)}."
        )


def require_inputs(what: str, x: Any) -> None:
    """Raises a ValueError if there is no input."""
    if not sample_count(x):
        raise ValueError(f"The {what} needs at least one input; got none.")


def terms(R: Rep, space: Space) -> list[tuple[str, slice, int]]:
    """The terms of a type: text, columns, and number of copies; texts that recur are numbered."""
    parts = R.terms if isinstance(R, Sum) else ((1, R),)
    listed, start, seen = [], 0, dict[str, int]()
    for count, term in parts:
        text = f"{count}{term}" if count > 1 else str(term)
        seen[text] = seen.get(text, 0) + 1
        label = text if seen[text] == 1 else f"{text} ({seen[text]})"
        stop = start + count * term.size(space)
        listed.append((label, slice(start, stop), count))
        start = stop
    return listed


def on_vectors(
    f: Function, rep_in: Any, rep_out: Any, G: Group, x: Any
) -> tuple[Function, Rep, Rep, Tensor]:
    """The function and its inputs as vectors, whatever batches it maps.

    Args:
        f: Maps batches of the types ``rep_in`` to batches of the types ``rep_out``.
        rep_in: One type, or a mapping or tuple of types, or their names.
        rep_out: The same for the outputs.
        G: The group.
        x: Inputs, n >= 1 samples.

    Returns:
        The function of vectors (n, size in) to (n, size out), both types, and the inputs (n, size
        in). What has no type is as in x. Tables are returned as they are.

    Raises:
        ValueError: If the inputs or outputs do not fit their types.
    """
    of_inputs, of_outputs = read_types(rep_in), read_types(rep_out)
    table = isinstance(x, Tensor) and x.ndim <= TABLE
    if table and isinstance(of_inputs, Rep) and isinstance(of_outputs, Rep):
        return f, of_inputs, of_outputs, x
    of_inputs, of_outputs = over(of_inputs, G), over(of_outputs, G)
    R_in, vectors = flattened(of_inputs, x, G.space)

    def of_vectors(v: Tensor) -> Tensor:
        outputs = f(with_vectors(of_inputs, x, v))
        return flattened(of_outputs, outputs, G.space, "outputs")[1]

    with torch.no_grad():
        R_out = flattened(of_outputs, f(x), G.space, "outputs")[0]
    return of_vectors, R_in, R_out, vectors
