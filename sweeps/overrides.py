"""Lists of overrides of train.py's config."""

from __future__ import annotations

from collections.abc import Sequence


def key_of(text: str) -> str:
    """The key that an override sets.

    Example:
        >>> key_of("+policy@extra=fixed"), key_of("~regularizers.xz")
        ('policy@extra', 'regularizers.xz')
    """
    return text.lstrip("+~").partition("=")[0].strip()


def merged(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Both lists of overrides, where the second wins.

    Example:
        >>> merged(["a=1", "b=2"], ["a=3"])
        ['a=3', 'b=2']
    """
    return list({key_of(text): text for text in (*first, *second)}.values())
