"""Overrides of train.py's config, as text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

PLAIN = re.compile(r"[A-Za-z_/][\w./-]*")
WORDS = ("true", "false", "null", "nan", "inf")
"""Words that Hydra reads as values of another type unless they are quoted."""
BRACKETS = {"[": "]", "{": "}", "(": ")"}


def override(key: str, value: object) -> str:
    """``key=value``, quoted where Hydra needs it.

    Example:
        >>> override("optimizer.lr", 1e-3), override("group", "O(3)"), override("x", None)
        ('optimizer.lr=0.001', "group='O(3)'", 'x=null')
    """
    if value is None or isinstance(value, bool):
        return f"{key}={json.dumps(value)}"
    if isinstance(value, str):
        if PLAIN.fullmatch(value) and value.lower() not in WORDS:
            return f"{key}={value}"
        # Hydra halves backslashes before a quote and at the end, and only there
        escaped = re.sub(r"(\\*)'", r"\1\1\\'", value)
        escaped = re.sub(r"(\\+)$", r"\1\1", escaped)
        return f"{key}='{escaped}'"
    return f"{key}={value!r}"


def key_of(text: str) -> str:
    """The key that an override sets.

    Example:
        >>> key_of("+policy@extra=fixed"), key_of("~regularizers.xz")
        ('policy@extra', 'regularizers.xz')
    """
    return text.lstrip("+~").partition("=")[0].strip()


def merged(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """Both lists of overrides, where the second wins.

    Example:
        >>> merged(["a=1", "b=2"], ["a=3"])
        ['a=3', 'b=2']
    """
    return list({key_of(text): text for text in (*first, *second)}.values())


def quote_list(argument: str) -> str:
    """``overrides=[a.b=1,c="x"]`` with its items in quotes, as Hydra needs them.

    Example:
        >>> quote_list("overrides=[trainer.max_epochs=9, '~regularizers.xz']")
        "overrides=['trainer.max_epochs=9','~regularizers.xz']"
    """
    key, _, rest = argument.partition("=")
    body = rest.strip()
    if not (body.startswith("[") and body.endswith("]")):
        return argument
    items = [item.strip() for item in _split(body[1:-1])]
    return f"{key}=[{','.join(_quoted(item) for item in items if item)}]"


def _quoted(item: str) -> str:
    if len(item) > 1 and item[0] == item[-1] and item[0] in "'\"":
        return item
    return override("", item).removeprefix("=") if "'" in item else f"'{item}'"


def _split(text: str) -> list[str]:
    """Splits at commas outside of brackets and quotes."""
    items, start, closing = [], 0, [""]
    for place, letter in enumerate(text):
        if letter == closing[-1]:
            closing.pop()
        elif closing[-1] in ("'", '"'):
            continue
        elif letter in BRACKETS or letter in ("'", '"'):
            closing.append(BRACKETS.get(letter, letter))
        elif letter == "," and len(closing) == 1:
            items.append(text[start:place])
            start = place + 1
    return [*items, text[start:]]
