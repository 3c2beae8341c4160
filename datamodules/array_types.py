"""Types of users' columns: whether one fits, and which would."""

from __future__ import annotations

from collections.abc import Mapping

from softsym.symmetries import rep

LARGEST_DIM = 16
"""Largest space that is proposed where types do not fit."""


def require_types(
    types: Mapping[str, tuple[str | None, int]], dim: int, source: str
) -> tuple[str, ...]:
    """Returns types that have as many numbers as the data.

    Args:
        types: ``rep_in`` and ``rep_out`` -> the type, None if it was not given; and the width.
        dim: Dimension of the base space.
        source: The file, for messages.

    Raises:
        ValueError: If types are missing or do not fit; the message proposes ones that do.
    """
    complaints = [_complaint(key, *given, dim, source) for key, given in types.items()]
    if any(complaints):
        raise ValueError(" ".join(filter(None, complaints)))
    return tuple(str(text) for text, _ in types.values())


def _complaint(key: str, text: str | None, width: int, dim: int, source: str) -> str:
    fitting = ", ".join(proposals(width, dim))
    if text is None:
        return (
            f"datamodule.{key} is missing: say what kind of numbers the {width} columns of "
            f"{source} are. Over R^{dim}, for example, these fit: {fitting}."
        )
    found = rep(text).size(dim)
    if found == width:
        return ""
    spaces = [d for d in range(1, LARGEST_DIM) if rep(text).size(d) == width]
    other = f" It fits R^{spaces[0]}: set dim={spaces[0]}." if spaces else ""
    return (
        f"datamodule.{key}={text} has {found} numbers over R^{dim}, but {source} has {width} "
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
