"""Types of users' columns: whether one fits, and which would."""

from __future__ import annotations

from softsym.symmetries import rep

LARGEST_DIM = 16
"""Largest space that is proposed where types do not fit."""


def require_type(key: str, text: str | None, width: int, dim: int, source: str) -> None:
    """Raises a ValueError unless a type has as many numbers as the data; proposes ones that fit."""
    wrong = None if text is None else rep(text).size(dim)
    if wrong == width:
        return
    fitting = ", ".join(proposals(width, dim))
    if text is None:
        raise ValueError(
            f"datamodule.{key} is missing: say what kind of numbers the {width} columns of "
            f"{source} are. Over R^{dim}, for example, these fit: {fitting}."
        )
    spaces = [d for d in range(1, LARGEST_DIM) if rep(text).size(d) == width]
    other = f" It fits R^{spaces[0]}: set dim={spaces[0]}." if spaces else ""
    raise ValueError(
        f"datamodule.{key}={text} has {wrong} numbers over R^{dim}, but {source} has {width} "
        f"columns.{other} Over R^{dim}, for example, these fit: {fitting}."
    )


def proposals(width: int, dim: int) -> list[str]:
    """Types of scalars, vectors and matrices with a number of components.

    Example:
        >>> proposals(20, 3)
        ['20T0', '6T1+2T0', '5T0+5T1']
    """
    found = [f"{width}T0"]
    vectors, left = divmod(width, dim)
    if vectors and dim > 1:
        found.append(f"{vectors}T1" + (f"+{left}T0" if left else ""))
        if width % (dim + 1) == 0 and width > dim:
            found.append(f"{width // (dim + 1)}T0+{width // (dim + 1)}T1")
    if dim > 1 and width % dim**2 == 0:
        found.append(f"{width // dim**2}T2")
    return found
