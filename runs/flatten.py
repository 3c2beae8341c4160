"""Nested configs as dotted keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flatten(node: Any, prefix: str = "", separator: str = ".") -> dict[str, Any]:
    """Dotted keys and leaves of nested mappings; an empty mapping is a leaf.

    Example:
        >>> flatten({"a": {"b": 1}, "c": [1, 2], "d": {}})
        {'a.b': 1, 'c': [1, 2], 'd': {}}
    """
    if not isinstance(node, Mapping) or not node:
        return {prefix: node}
    leaves: dict[str, Any] = {}
    for key, value in node.items():
        path = f"{prefix}{separator}{key}" if prefix else str(key)
        leaves |= flatten(value, path, separator)
    return leaves
