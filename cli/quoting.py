"""Overrides as text, written so that Hydra reads the value that was meant."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from softsym.runs.text import require_plain
from softsym.runs.untrusted import literal

PLAIN = re.compile(r"[A-Za-z_/][\w./-]*", re.ASCII)
WORDS = ("true", "false", "null", "nan", "inf")
"""Words that Hydra reads as values of another type unless they are quoted."""
OVERRIDE = re.compile(r"([+~]{0,2}[^=\s+~][^=\s]*)=(.*)", re.S)
FREE = ("candidates", "symmetries")
"""Mappings from names of the user's choice to groups, to which Hydra adds names with ++ alone."""
BRACKETS = {"[": "]", "{": "}", "(": ")"}
SWEEPS = re.compile(r"(choice|shuffle|sort)\((.*)\)")
"""Functions of Hydra's grammar whose arguments are the values of a sweep."""
TEXTS = ("ckpt_path", "folder", "init_from", "name", "run_dir", "sweep")
"""Keys whose values are text, also where they look like a number or like several values."""


def quoted(value: Path | str) -> str:
    """A value in the quotes that Hydra takes for text of any kind.

    Args:
        value: Text, in which ``${...}`` stays an interpolation, or a path, in which it does not.
    """
    text = literal(str(value)) if isinstance(value, Path) else value
    # Hydra halves backslashes before a quote and at the end, and only there
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", text)
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def override(key: str, value: object) -> str:
    """``key=value``, quoted where Hydra needs it.

    Example:
        >>> override("optimizer.lr", 1e-3), override("group", "O(3)"), override("x", None)
        ('optimizer.lr=0.001', "group='O(3)'", 'x=null')
    """
    if value is None or isinstance(value, bool):
        return f"{key}={json.dumps(value)}"
    if isinstance(value, str | Path):
        plain = PLAIN.fullmatch(str(value)) and str(value).lower() not in WORDS
        return f"{key}={value if plain else quoted(value)}"
    return f"{key}={value!r}"


def readable(argument: str, sweep: bool = False) -> str:
    """An override as a user types it, with the quotes that Hydra's grammar asks for.

    A value that Hydra can read stays as it is. Of any other, the parts that it cannot read become
    text, and ``~/`` the home folder. A value that begins with an open bracket or quote stays, so
    that Hydra can say what is missing.

    Args:
        argument: The argument; flags and words without ``=`` stay as they are.
        sweep: Whether commas separate the values of a sweep.

    Raises:
        UserError: If it holds a line break or another control character.

    Example:
        >>> readable("run_dir=runs/name=a,lr=1"), readable("g=[SO(3),O(2)@xy]")
        ("run_dir='runs/name=a,lr=1'", "g=['SO(3)','O(2)@xy']")
    """
    key, equals, value = argument.partition("=")
    if equals and key[:1] not in ("-", "~") and _parsed(f"{key}=0") is not None:
        argument = f"{key}={_readable(value, sweep, key.lstrip('+') in TEXTS)}"
    require_plain(key, argument)
    return f"++{argument}" if equals and key.partition(".")[0] in FREE else argument


def is_read(argument: str) -> bool:
    """Whether Hydra's grammar takes an override."""
    return _parsed(argument) is not None


def split(text: str) -> list[str]:
    """Splits at commas outside of brackets and quotes."""
    items, start, closing = [], 0, [""]
    for place, letter in enumerate(text):
        if letter == closing[-1]:
            closing.pop()
        elif closing[-1] in ("'", '"'):
            continue
        elif letter in BRACKETS:
            closing.append(BRACKETS[letter])
        elif letter in ("'", '"') and (closing[-1] or not text[start:place].strip()):
            closing.append(letter)  # within a word it is an apostrophe
        elif letter == "," and len(closing) == 1:
            items.append(text[start:place])
            start = place + 1
    return [*items, text[start:]]


def _readable(value: str, sweep: bool, is_text: bool) -> str:
    text = value.strip()
    parsed = _parsed(f"key={text}")
    several = parsed is not None and parsed.is_sweep_override()
    if parsed is not None and not (is_text and (several or _is_number(parsed))):
        return value
    pieces = split(text)
    if sweep and len(pieces) > 1:
        return ",".join(_readable(piece, False, is_text) for piece in pieces)
    if text[:1] + text[-1:] == "[]":
        items = [item.strip() for item in split(text[1:-1]) if item.strip()]
        return f"[{','.join(_readable(item, False, False) for item in items)}]"
    if text[:1] + text[-1:] == "{}":
        pairs = [item.partition(":") for item in split(text[1:-1])]
        return f"{{{','.join(f'{k}:{_readable(v, False, False)}' for k, _, v in pairs)}}}"
    if call := SWEEPS.fullmatch(text):
        return f"{call[1]}({','.join(_readable(item, False, is_text) for item in split(call[2]))})"
    if text[:1] in ("'", '"', *BRACKETS):
        return value
    return quoted(os.path.expanduser(text) if text.startswith("~/") else text)


def _is_number(parsed: Override) -> bool:
    return isinstance(parsed.value(), int | float) and not isinstance(parsed.value(), bool)


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()


def _parsed(text: str) -> Override | None:
    """The override as Hydra reads it; None if it cannot."""
    try:
        return _parser().parse_override(text)
    except HydraException:
        return None
