"""Which types the settings of a class have, by the ``_target_`` that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from typing_extensions import TypedDict

from softsym.cli.settings.kinds import (
    Class,
)

OBJECTS: dict[str, type] = {}
"""Class that a ``_target_`` names, without "softsym." -> types of its settings."""
C = TypeVar("C", bound=type)


def settings_of(*targets: str) -> Callable[[C], C]:
    """Registers the types of a class's settings."""

    def register(schema: C) -> C:
        OBJECTS.update(dict.fromkeys((t.removeprefix("softsym.") for t in targets), schema))
        return schema

    return register


class Directives(TypedDict, total=False):
    """What Hydra's ``instantiate`` reads beside the arguments."""

    _target_: Class
    _partial_: bool
    _recursive_: bool
    _convert_: Literal["none", "partial", "object", "all"]


class Unknown(TypedDict, total=False):
    """Settings of a class that is not listed here."""
