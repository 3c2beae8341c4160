"""Checks every setting of a composed config against :mod:`softsym.cli.settings.schema`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import InterpolationKeyError, OmegaConfBaseException
from typing_extensions import is_typeddict

from softsym.cli.settings.kinds import fitted
from softsym.cli.settings.registry import OBJECTS, Directives, Unknown
from softsym.runs.errors import UserError

MISSING = "???"


@dataclass(frozen=True)
class Setting:
    """A value in a config with what the schema says about it."""

    key: str  # dotted
    value: Any
    kind: Any  # annotation; None where only the constructor knows
    lacking: bool = False  # the section needs this key, and has it not
    strange: bool = False  # the section takes no such key

    @property
    def computed(self) -> bool:
        """Whether the value is text that refers to other keys."""
        return isinstance(self.value, str) and "${" in self.value

    def fit(self, value: Any, hint: Callable[[str], str]) -> Any:
        """Returns the value in the type that the key wants, or raises a UserError."""
        if self.kind is None or value == MISSING:
            return value
        try:
            return fitted(self.kind, value)
        except ValueError as error:
            source = f", which is {self.value}," if self.computed else ""
            if value == "":
                source += " is empty, as a variable is that the shell does not know; it"
            raise UserError(f"{self.key}{source} {error}.{hint(self.key)}") from None


def settings(
    plain: Mapping[str, Any], schema: Any, section: str = "", closed: bool = True
) -> Iterator[Setting]:
    """Walks through a section: fixed ones by their schema, objects by that of their class.

    The order is that of the schema, so that a message names the key that others refer to.

    Args:
        plain: The section as plain values, interpolations as text.
        schema: A typed dictionary of :mod:`~softsym.cli.settings.schema`.
        section: Its key.
        closed: Whether keys that the schema lacks are strange.
    """
    kinds = _kinds(schema)
    for name in schema.__required_keys__ - plain.keys():
        yield Setting(_join(section, name), None, kinds[name], lacking=True)
    order = list(kinds)
    for name in sorted(plain, key=lambda n: order.index(n) if n in kinds else len(order)):
        yield from _under(_join(section, name), plain[name], kinds.get(name), closed)


def _under(key: str, value: Any, kind: Any, closed: bool = False) -> Iterator[Setting]:
    section = next(filter(is_typeddict, alternatives(kind)), None)
    if section is not None and isinstance(value, dict):
        yield from settings(value, section, key)
    elif isinstance(value, dict) and (kinds := _kinds_of_items(kind)):
        for name, item in value.items():
            yield Setting(f"A name in {key}", name, kinds[0])
            yield from _under(_join(key, name), item, kinds[1])
    else:
        yield Setting(key, value, kind, strange=closed and kind is None)
        yield from _inside(key, value)


def _inside(key: str, value: Any) -> Iterator[Setting]:
    """Finds objects: the value itself, or those in a list or in a mapping that no schema knows."""
    if isinstance(value, dict) and "_target_" in value:
        name = str(value["_target_"]).removeprefix("softsym.")
        yield from settings(value, OBJECTS.get(name, Unknown), key, closed=False)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _inside(_join(key, name), item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _inside(f"{key}[{place}]", item)


def alternatives(kind: Any) -> tuple[Any, ...]:
    """The kinds of which a setting may be any."""
    return get_args(kind) if get_origin(kind) in (UnionType, Union) else (kind,)


def _kinds_of_items(kind: Any) -> tuple[Any, Any] | None:
    """Kinds of the names and of the items of a mapping, unless these may be anything."""
    for each in alternatives(kind):
        inner = get_args(each)[0] if get_origin(each) is Annotated else each
        if get_origin(inner) is dict and get_args(inner)[1] is not Any:
            return cast("tuple[Any, Any]", get_args(inner))
    return None


def check_settings(
    config: DictConfig, schema: Any, hint: Callable[[str], str] = lambda key: ""
) -> None:
    """Checks all values; writes whole numbers such as 1e3, and text such as 2024, as such.

    What a resolver computes, such as ``${run_dir:...}``, is known in the run alone: see
    :func:`check_resolved`.

    Args:
        config: The composed config.
        schema: The typed dictionary of its top.
        hint: Advice to add to the message about a key.

    Raises:
        UserError: If a value is of another type than its key or out of its range, a key that is
            needed is missing, or one is of no use; the message names the key.
    """
    plain = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=False))
    own = plain.pop("hydra", {}).get("launcher")
    found = [*settings(plain, schema), *_under("hydra.launcher", own, None)]
    _check_keys(found, plain, hint)
    for each in (each for each in found if not each.computed):
        _write(config, each, each.fit(each.value, hint))
    for each in (each for each in found if each.computed and ":" not in each.value):
        each.fit(_looked_up(config, each), hint)


def check_resolved(config: DictConfig, schema: Any) -> None:
    """Checks all values, those that resolvers compute among them; raises a UserError."""
    plain = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=True))
    for each in settings(plain, schema):
        _write(config, each, each.fit(each.value, lambda key: ""))


def _check_keys(found: list[Setting], plain: Mapping[str, Any], hint: Callable[[str], str]) -> None:
    used = set(re.findall(r"\w+", " ".join(re.findall(r"\$\{[^}]*\}?", str(plain)))))
    for each in found:
        if each.lacking:
            raise UserError(f"The config lacks {each.key}, which every run needs.{hint(each.key)}")
        if each.strange and each.key.rpartition(".")[2] not in used:
            raise UserError(
                f"Nothing uses the key {each.key!r}: the config has no such key, and no other key "
                f"refers to it.{hint(each.key)}"
            )


def _looked_up(config: DictConfig, setting: Setting) -> Any:
    """The value that a text such as ``${dim}`` stands for; ``???`` where only the run knows it."""
    try:
        value = OmegaConf.select(config, setting.key, throw_on_missing=True)
    except InterpolationKeyError as error:
        reason = str(error.msg).splitlines()[0]
        raise UserError(
            f"{setting.key}={setting.value} refers to a key that does not exist: {reason}."
        ) from None
    except OmegaConfBaseException:
        return MISSING  # it refers to what a resolver computes
    return OmegaConf.to_container(value, resolve=False) if OmegaConf.is_config(value) else value


def _write(config: DictConfig, setting: Setting, value: Any) -> None:
    if value is not setting.value and "[" not in setting.key:
        with open_dict(config):
            OmegaConf.update(config, setting.key, value)


def _join(section: str, name: object) -> str:
    return f"{section}.{name}" if section else str(name)


@cache
def _kinds(schema: Any) -> dict[str, Any]:
    hints = [get_type_hints(each, include_extras=True) for each in (Directives, schema)]
    return hints[0] | hints[1]
