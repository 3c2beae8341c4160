"""Kinds of values that settings take, whether a value is of a kind, and a kind in words.

A kind is a type annotation that pydantic understands. A text among its metadata describes it.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import (
    AfterValidator,
    AllowInfNan,
    BeforeValidator,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

LARGEST = 2**31 - 1
"""Bound of whole numbers that have no better one: torch counts in 32 bits in places."""
SHOWN = 80
"""Longest text of a refused value in a message."""


def _one_line(text: str) -> str:
    # control characters would run as commands in scripts, and break logs and file names
    if not text.strip() or not text.isprintable():
        raise ValueError
    return text


def _number_as_text(value: object) -> object:
    return str(value) if type(value) is int else value


def _part(node: dict[str, Any]) -> dict[str, Any]:
    if "_target_" not in node:
        raise ValueError
    return node


Finite = Annotated[float, AllowInfNan(False)]
Share = Annotated[float, Ge(0), Le(1)]
AtLeast0 = Annotated[float, AllowInfNan(False), Ge(0)]
Above0 = Annotated[float, AllowInfNan(False), Gt(0)]
Natural = Annotated[int, Ge(0), Le(LARGEST)]
Count = Annotated[int, Ge(1), Le(LARGEST)]
CountOrAll = Annotated[int, Ge(-1), Le(LARGEST)]
Seed = Annotated[int, Ge(0), Le(2**32 - 1)]
Dimension = Annotated[int, Ge(1), Le(64)]
Spatial = Literal[2, 3]
Word = Annotated[str, AfterValidator(_one_line), "one line of text"]
Text = Annotated[Word, BeforeValidator(_number_as_text), "one line of text"]
Name = Annotated[
    str, StringConstraints(pattern=r"^[\w@*()+-]+$"), "text of letters, digits and _ @ * ( ) + -"
]
"""As :func:`softsym.lightning_modules.names.require_names` has it."""
Class = Annotated[
    str,
    StringConstraints(pattern=r"^\w+(\.\w+)+$"),
    "the path of a class, such as torch.optim.Adam",
]
Devices = Annotated[str, StringConstraints(pattern=r"^\d+(,\d+)*$"), "their numbers with commas"]
Part = Annotated[
    dict[str, Any], AfterValidator(_part), "a mapping of settings with a _target_, the class"
]
Group = Annotated[Word | Part, "the name of a group, such as O(2)@xy, or an object"]
Types = Annotated[Word | Part, "a type, such as 5T0 + 5T1, or an object"]
BatchTypes = Annotated[
    Word | Part | dict[Name, Word | None], "a type, such as 5T0 + 5T1, or a mapping of types"
]
Parts = Annotated[dict[Name, Part], "a mapping from names to settings, each with a _target_"]


def fitted(kind: Any, value: object) -> object:
    """Returns a value as the kind wants it: 1e3 as 1000 where numbers are whole, 7 as text.

    Args:
        kind: The annotation.
        value: Plain data, as in a yaml file.

    Raises:
        ValueError: If the value is not of this kind.

    Example:
        >>> fitted(Count, 1e3), fitted(Text, 2024), fitted(Count | None, None)
        (1000, '2024', None)
    """
    for reading in _readings(value):
        try:
            # as data of a file: a list may stand for a tuple, but true is no number, "1" neither
            found = _adapter(kind).validate_json(json.dumps(reading), strict=True)
        except (ValidationError, TypeError):
            continue
        if isinstance(reading, bool) and type(found) is int:
            continue  # one of some numbers: pydantic finds true among them, as it equals 1
        return found if isinstance(found, str) and type(reading) is int else reading
    raise ValueError(f"must be {in_words(kind)}; got {shown(value)}")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _readings(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST:
        yield int(value)


def in_words(kind: Any) -> str:
    """Describes a kind.

    Example:
        >>> in_words(Count | None), in_words(Literal["shift", "sign"])
        ('a whole number of at least 1 or null', 'shift or sign')
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        base, *metadata = arguments
        described = [each for each in metadata if isinstance(each, str)]
        return described[-1] if described else in_words(base) + _range(metadata)
    if origin in (Union, types.UnionType, Literal):
        return _any_of(_choices(kind))
    plain = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    if kind is None or kind is type(None):
        return "null"
    if kind in plain:
        return plain[kind]
    if isinstance(origin or kind, type) and issubclass(origin or kind, Mapping):
        return "a mapping"
    if origin is not None:
        inner = [in_words(each) for each in arguments if each is not ...]
        return f"a list (each {_any_of(inner)})" if inner else "a list"
    return getattr(kind, "__name__", str(kind))


def _choices(kind: Any) -> list[str]:
    if get_origin(kind) in (Union, types.UnionType):
        return [word for each in get_args(kind) for word in _choices(each)]
    if get_origin(kind) is Literal:
        return [shown(each).strip("'") for each in get_args(kind)]
    return ["true", "false"] if kind is bool else [in_words(kind)]


def _any_of(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _range(metadata: list[Any]) -> str:
    low = next((each.ge for each in metadata if isinstance(each, Ge)), None)
    above = next((each.gt for each in metadata if isinstance(each, Gt)), None)
    high = next((each.le for each in metadata if isinstance(each, Le)), LARGEST)
    if above is not None:
        return f" above {above}"
    if low is None:
        return ""
    return f" of at least {low}" if high == LARGEST else f" from {low} to {high}"


def shown(value: object) -> str:
    """A value as a yaml file would have it, shortened."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = repr(value)
    if isinstance(value, int) and abs(value) > LARGEST:
        text += ", which is too large"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
