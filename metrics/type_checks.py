"""What metrics of functions between typed spaces have in common."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from softsym.symmetries import Group, Rep

Function = Callable[[Tensor], Tensor]
"""(n, size in) to (n, size out)."""


def require_size(what: str, R: Rep, G: Group, values: Tensor) -> None:
    """Checks that values (n, size) have the type R over the space of G.

    Raises:
        ValueError: If they have not.
    """
    size = R.over(G).size(G.space)
    if values.ndim != 2 or values.shape[1] != size:
        raise ValueError(
            f"{what} {str(R)!r} has {size} numbers over R^{G.dim}, where {G} acts; got "
            f"values of shape {tuple(values.shape)}."
        )


def require_inputs(what: str, x: Tensor) -> None:
    """Checks that there is an input.

    Raises:
        ValueError: If there is none.
    """
    if not len(x):
        raise ValueError(f"The {what} needs at least one input; got none.")
