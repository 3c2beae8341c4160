"""Reads files that somebody else may have written, within limits of kind, size and depth.

A file in a run folder may be a pipe that never ends, a link to a device, or text that a parser
expands to more than the memory holds. Each function here ends soon, and either returns plain
values or raises an :class:`UnreadableError`, whose message completes "It cannot be read:".
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import yaml

from softsym.runs.text import visible

LARGEST = 4 * 2**20
"""Bytes of a JSON or YAML file; those of the largest recipes have 50 thousand."""
LARGEST_TABLE = 64 * 2**20
"""Bytes of a table: a million rows."""
DEEPEST = 40
"""Levels of lists and mappings."""
MOST = 50_000
"""Values in one file."""
DIGITS = 100
"""Digits of a number: all integers below fit into a float."""

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
_NUMBER = re.compile(r"[-+]?[0-9_.:]+")
_TOO_LONG = f"it holds a number of more than {DIGITS} digits"
_TOO_DEEP = f"it is nested more than {DEEPEST} levels deep"
_TOO_MANY = f"it holds more than {MOST} values"


class UnreadableError(ValueError):
    """A file that is not read; the message says why."""


def open_regular(path: Path) -> IO[bytes]:
    """Opens a regular file, or a link to one; a pipe does not make it wait.

    Raises:
        UnreadableError: If the path leads to anything else.
        OSError: If it cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return open(handle, "rb", buffering=0)
    os.close(handle)
    raise UnreadableError(f"it is {next((name for has, name in _KINDS if has(mode)), 'a device')}")


def read_bytes(path: Path, largest: int = LARGEST) -> bytes:
    """The content of a regular file of at most ``largest`` bytes (see `open_regular`)."""
    with open_regular(path) as file:
        # files of /proc have size 0 and may be endless: only reading tells
        if os.fstat(file.fileno()).st_size <= largest:
            parts, left = [], largest + 1
            while left and (part := file.read(left)):
                parts.append(part)
                left -= len(part)
            if left:
                return b"".join(parts)
    raise UnreadableError(f"it is larger than {largest // 2**20} MB")


def read_text(path: Path, largest: int = LARGEST) -> str:
    """The content of a regular file as text (see `read_bytes`)."""
    try:
        return read_bytes(path, largest).decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableError("it is no text in UTF-8") from None


def parse_json(text: str | bytes) -> Any:
    """Parses JSON of moderate size into plain values, whose text a terminal shows safely.

    Raises:
        UnreadableError: If it is no JSON, or exceeds a limit.
    """
    try:
        tree = json.loads(text, parse_int=_integer)
    except RecursionError:
        raise UnreadableError(_TOO_DEEP) from None
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from None
    _require_moderate(tree)
    return _visible(tree)


def read_yaml(path: Path) -> Any:
    """Reads YAML of moderate size into plain values, whose text a terminal shows safely.

    An alias counts as what it stands for: with aliases of aliases, eight lines are billions.

    Raises:
        UnreadableError: If it is no YAML, refers to itself, or exceeds a limit.
        OSError: If it cannot be opened.
    """
    text = read_text(path)
    try:
        _require_flat(yaml.parse(text, LOADER))
        tree = yaml.load(text, LOADER)
    except UnreadableError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UnreadableError(f"it is no YAML of plain values: {reason}") from None
    _require_moderate(tree)
    return _visible(tree)


def literal(tree: Any) -> Any:
    """The same values, in which OmegaConf finds no ``${...}`` to resolve."""
    if isinstance(tree, dict):
        return {key: literal(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return [literal(value) for value in tree]
    # it halves backslashes in front of an interpolation
    return re.sub(r"(\\*)\$\{", r"\1\1\\${", tree) if isinstance(tree, str) else tree


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise UnreadableError(_TOO_LONG)
    return int(digits)


def _require_flat(events: Iterable[Any]) -> None:
    """Checks the events of a parser, before the loader, which follows depth by recursion."""
    count, sizes = 0, dict[str, int]()  # values so far, and those below each anchor
    open_nodes: list[tuple[str | None, int]] = []
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            sizes |= {anchor: count - before} if anchor else {}
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise UnreadableError(f"*{event.anchor} refers to itself or to nothing")
            count += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, count))
            count += 1
        elif isinstance(event, yaml.ScalarEvent):
            sizes |= {event.anchor: 1} if event.anchor else {}
            count += 1
            if len(event.value) > DIGITS and _NUMBER.fullmatch(event.value):
                raise UnreadableError(_TOO_LONG)
        if len(open_nodes) > DEEPEST:
            raise UnreadableError(_TOO_DEEP)
        if count > 2 * MOST:  # keys count here
            raise UnreadableError(_TOO_MANY)


def _require_moderate(tree: Any) -> None:
    """Raises UnreadableError if nested values are too deep, too many, or too long."""
    count, level = 0, [tree]
    for _ in range(DEEPEST + 2):
        count += len(level)
        if count > MOST:
            raise UnreadableError(_TOO_MANY)
        if any(isinstance(node, int) and abs(node) >= 10**DIGITS for node in level):
            raise UnreadableError(_TOO_LONG)
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise UnreadableError(_TOO_DEEP)


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list | tuple | set) else ()


def _visible(node: Any) -> Any:
    if isinstance(node, dict):
        return {_visible(key): _visible(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_visible(child) for child in node]
    return visible(node) if isinstance(node, str) else node
