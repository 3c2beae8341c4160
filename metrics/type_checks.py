"""Checks of the inputs and types of functions between typed spaces."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from softsym.symmetries import Group, Rep
from softsym.symmetries.elements import Space
from softsym.symmetries.representations import Sum

Function = Callable[[Tensor], Tensor]
"""Maps (n, size in) to (n, size out)."""


def require_size(what: str, R: Rep, G: Group, values: Tensor) -> None:
    """Raises a ValueError unless values (n, size) have the type R over the space of G."""
    size = R.over(G).size(G.space)
    if values.ndim != 2 or values.shape[1] != size:
        raise ValueError(
            f"{what} {str(R)!r} has {size} numbers over R^{G.dim}, where {G} acts; got "
            f"values of shape {tuple(values.shape)}."
        )


def require_inputs(what: str, x: Tensor) -> None:
    """Raises a ValueError if there is no input."""
    if not len(x):
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
