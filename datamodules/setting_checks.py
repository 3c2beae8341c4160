"""Checks settings by their annotations, with messages that name the key to change.

An annotation such as ``Seconds | None`` says everything that is checked: its type, without any
conversion (``"3"`` is no number, and neither is ``True``), its bounds, and that it is finite.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from annotated_types import Ge, Gt, Le
from pydantic import ConfigDict, TypeAdapter, ValidationError

Count = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Le(2**62)]
"""Seeds of torch have 64 bits; epochs are added to them."""
Workers = Annotated[int, Ge(0), Le(1024)]
"""Number of processes, of which every one is started."""
Processes = Annotated[int, Ge(1), Le(1024)]
NonNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
Share = Annotated[float, Ge(0), Le(1)]

STRICT = ConfigDict(strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)

WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a finite number",
    bool: "true or false",
    str: "text",
    types.NoneType: "null",
    Sequence: "a list",
    Mapping: "a mapping",
}
BOUNDS = {Ge: ("ge", "of at least"), Gt: ("gt", "above"), Le: ("le", "of at most")}
LONGEST = 80
"""Most letters of a given value that a message repeats."""


def require(name: str, value: object, annotation: Any) -> None:
    """Raises a ValueError that names the setting unless the value fits the annotation.

    Example:
        >>> require("datamodule.samples", 0, Count)
        Traceback (most recent call last):
        ValueError: datamodule.samples must be a whole number of at least 1; got 0.
    """
    try:
        _adapter(annotation).validate_python(_plain(value))
    except ValidationError:
        given = repr(value)
        given = given if len(given) <= LONGEST else given[:LONGEST] + "..."
        raise ValueError(f"{name} must be {in_words(annotation)}; got {given}.") from None


def _plain(value: object) -> object:
    """Numbers of numpy and containers of configs, as what they are in Python."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def require_choice(name: str, value: object, allowed: Sequence[str | None]) -> None:
    """Raises a ValueError unless the setting is one of the allowed values."""
    if value not in allowed:
        names = ", ".join("null" if choice is None else choice for choice in allowed)
        raise ValueError(f"datamodule.{name} must be one of {names}; got {value!r}.")


def checked(constructor: Callable[..., None]) -> Callable[..., None]:
    """Makes a constructor require its annotations; arguments without one may be anything."""
    signature = inspect.signature(constructor)

    @wraps(constructor)
    def checking(self: object, *args: Any, **settings: Any) -> None:
        try:
            given = signature.bind(self, *args, **settings).arguments
        except TypeError:  # the call below says so in Python's own words
            given = {}
        for name, annotation in _annotations(constructor).items():
            if name in given:
                require(f"datamodule.{name}", given[name], annotation)
        constructor(self, *args, **settings)

    return checking


@cache
def _annotations(constructor: Callable[..., None]) -> dict[str, Any]:
    """The annotations of all arguments but ``*args`` and ``**settings``."""
    try:
        hints = get_type_hints(constructor, include_extras=True)
    except (NameError, TypeError):  # of a user's own class, imported for the type checker alone
        return {}
    collected = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(constructor).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.kind not in collected]
    return {name: hints[name] for name in names if name in hints}


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation, config=STRICT)


def in_words(annotation: Any) -> str:
    """Says what an annotation allows.

    Example:
        >>> in_words(Share), in_words(Positive | None)
        ('a finite number from 0 to 1', 'a finite number above 0 or null')
    """
    kind, arguments = get_origin(annotation), get_args(annotation)
    if kind in (Union, types.UnionType):
        return _joined(map(in_words, arguments))
    if kind is Literal:
        return _joined(map(str, arguments))
    if kind is Annotated:
        bounds = {type(bound): bound for bound in arguments[1:] if type(bound) in BOUNDS}
        if bounds.keys() == {Ge, Le}:
            return f"{in_words(arguments[0])} from {bounds[Ge].ge} to {bounds[Le].le}"
        said = [f"{word} {getattr(bounds[b], a)}" for b, (a, word) in BOUNDS.items() if b in bounds]
        return " ".join([in_words(arguments[0]), *said])
    return WORDS.get(kind or annotation) or f"a {getattr(annotation, '__name__', annotation)}"


def _joined(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
