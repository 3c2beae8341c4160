"""Rooms whose public names load on first use, so that the files that need no torch import none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import lazy_loader


class Room(ModuleType):
    """A package whose public names stay when a file of the same name is imported.

    ``softsym.symmetries.group`` is a function. Importing the file ``group.py`` would put the module
    in its place.
    """

    def __setattr__(self, name: str, value: object) -> None:
        """Sets an attribute, unless it is a module with a public name."""
        if not (isinstance(value, ModuleType) and name in vars(self).get("__all__", ())):
            super().__setattr__(name, value)


def attach(name: str, file: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Loads the names that a package's ``__init__.pyi`` lists when they are first used.

    Args:
        name: The package's ``__name__``.
        file: Its ``__file__``.

    Returns:
        Its ``__getattr__``, ``__dir__`` and ``__all__``.
    """
    sys.modules[name].__class__ = Room
    found: tuple[Any, Any, list[str]] = lazy_loader.attach_stub(name, file)
    return found
