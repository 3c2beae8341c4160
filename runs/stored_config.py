"""Reads the YAML files of run folders, which may be damaged or come from somebody else."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import yaml

from softsym.runs.errors import UserError

LARGEST = 4_000_000
"""Bytes of the largest config that is read; those of real runs have a few thousand."""
DEEPEST, MOST = 50, 100_000
"""Bounds on the nesting and on the number of values, which an alias multiplies."""
LONGEST_NUMBER = 40
"""Digits of the longest whole number."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_config(path: Path) -> dict[str, Any]:
    """Reads a stored config as plain data.

    Nothing in it is resolved, imported or built: text with ``${...}`` stays text. Sizes are checked
    before anything is constructed, since deep nesting crashes the parser and aliases can multiply
    a few lines to billions of values.

    Raises:
        UserError: If the file is missing, is not a plain file of text, is too large or too deep, or
            holds no mapping.
    """
    try:
        text = _plain_text(path)
        _require_bounded(text)
        content = yaml.load(text, LOADER)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UserError(f"{str(path)!r} cannot be read ({_first_line(error)}).") from error
    if not isinstance(content, dict):
        raise UserError(f"{str(path)!r} cannot be read (it holds no mapping of keys to values).")
    return {str(key): value for key, value in content.items()}


def _plain_text(path: Path) -> str:
    # not blocking: to open a FIFO would wait for its writer for ever
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no plain file")
        if status.st_size > LARGEST:
            raise ValueError(f"it has {status.st_size} bytes, more than any config")
        return file.read()


def _require_bounded(text: str) -> None:
    """Raises a ValueError if the document is nested too deeply or stands for too many values."""
    sizes: dict[str, int] = {}
    """Number of values that each finished anchor stands for."""
    open_nodes: list[tuple[str | None, int]] = []
    """Anchor of each collection around the current event, and the number of values before it."""
    total = 0
    for event in yaml.parse(text, LOADER):
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise ValueError(f"the alias *{event.anchor} leads to itself or nowhere")
            total += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_nodes.pop()
            sizes |= {anchor: total - before} if anchor else {}
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            sizes |= {event.anchor: 1} if event.anchor else {}
            _require_short(event)
        if len(open_nodes) > DEEPEST or total > MOST:
            raise ValueError("it is nested more deeply, or stands for more values, than any config")


def _require_short(scalar: yaml.ScalarEvent) -> None:
    digits = scalar.value.lstrip("+-").replace("_", "")
    if scalar.implicit[0] and len(digits) > LONGEST_NUMBER and digits.isalnum():
        raise ValueError(f"a number has {len(digits)} digits")


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    return (str(error).splitlines() or [type(error).__name__])[0]
