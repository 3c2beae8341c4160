"""Checks arguments of classes that no schema lists by the annotations of their constructors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hydra.utils import get_object
from pydantic.errors import PydanticUserError

from softsym.cli.settings.check import Setting, settings
from softsym.cli.settings.kinds import fitted
from softsym.runs.errors import UserError

PLAIN = {int, float, str, bool, NoneType, Path, Any}
MANY = (list, tuple, set, dict, Mapping, Sequence)


def check_constructors(plain: Mapping[str, Any], schema: Any) -> None:
    """Checks the values that the schema leaves to constructors, before any object is built.

    Annotations of plain data alone are checked, such as ``int | None`` or ``list[float]``, since
    a constructor may turn a number or a text into anything else. A default always passes.

    Args:
        plain: The config, resolved.
        schema: The typed dictionary of its top.

    Raises:
        UserError: If a value does not fit its annotation; the message names key and class.
    """
    found = list(settings(plain, schema))
    targets = {each.key.removesuffix("._target_"): each.value for each in _targets(found)}
    for each in found:
        section, _, name = each.key.rpartition(".")
        if each.kind is None and section in targets and not _holds_object(each.value):
            _check(each, name, targets[section])


def _targets(found: Sequence[Setting]) -> Iterator[Setting]:
    return (each for each in found if each.key.endswith("._target_"))


def _holds_object(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value
    inner = isinstance(value, dict | list) and any(map(_holds_object, items))
    return inner or (isinstance(value, dict) and "_target_" in value)


def _check(setting: Setting, name: str, target: str) -> None:
    kind, default = _argument(target, name)
    if kind is None or setting.value == default:
        return
    try:
        fitted(kind, setting.value)
    except PydanticUserError:
        return  # an annotation that pydantic does not understand
    except ValueError as error:
        raise UserError(f"{setting.key} {error}. So says the constructor of {target}.") from None


def _argument(target: str, name: str) -> tuple[Any, Any]:
    """Annotation, as far as it is of plain data, and default of an argument of a class."""
    try:
        made = get_object(target)
        parameter = inspect.signature(made).parameters[name]
        hints = get_type_hints(
            made.__init__ if inspect.isclass(made) else made, include_extras=True
        )
    except Exception:
        return None, None
    return _of_data(hints.get(name)), parameter.default


def _of_data(kind: Any) -> Any:
    """The part of an annotation that plain data may fill; None if there is none."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        parts = [part for part in map(_of_data, arguments) if part is not None]
        return reduce(or_, parts) if parts and NoneType is not parts[0] else None
    if origin is Annotated:
        return kind if _of_data(arguments[0]) is not None else None
    if origin is Literal or (isinstance(kind, type) and kind in PLAIN):
        return kind
    if (origin or kind) in MANY or (isinstance(origin, type) and issubclass(origin, MANY)):
        inner = [each for each in arguments if each is not ...]
        return kind if all(_of_data(each) is not None for each in inner) else None
    return None
