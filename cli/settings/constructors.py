"""Checks arguments of classes that no schema lists by the annotations of their constructors."""

from __future__ import annotations

import importlib.util
import inspect
import pydoc
from collections.abc import Mapping, Sequence
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

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
    targets = {
        each.key.removesuffix("._target_"): each.value
        for each in found
        if each.key.endswith("._target_")
    }
    for section, target in targets.items():
        _require_module(section, target)
    for each in found:
        section, _, name = each.key.rpartition(".")
        if each.kind is None and section in targets and not _holds_object(each.value):
            _check(each, name, targets[section])


def _require_module(section: str, target: str) -> None:
    package = target.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise UserError(
            f"{section}: there is no module {package!r}, of which {target!r} is. A module of your "
            f"own is found in the current folder, which is {str(Path.cwd())!r}: go to the folder "
            "that holds it, and start softsym train or python -m softsym.train there."
        )


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


@cache
def _argument(target: str, name: str) -> tuple[Any, Any]:
    """Annotation, as far as it is of plain data, and default of an argument of a class."""
    try:
        made: Any = pydoc.locate(target)
        parameter = inspect.signature(made).parameters[name]
        called = made.__init__ if inspect.isclass(made) else made
        hints = get_type_hints(called, include_extras=True)
    except Exception:  # whatever a user's module raises, building it will tell
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
