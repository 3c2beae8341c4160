"""Reads what a user types as it is meant: names of groups and other text need no quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

OVERRIDE = re.compile(r"([+~]{0,2}[^=\s+~][^=\s]*)=(.*)", re.S)
ITEM = re.compile(r"(\s*)(.*?)(\s*)", re.S)
CALL = re.compile(r"(choice|shuffle|sort|tag|extend_list)\((.*)\)", re.S)
"""A function of Hydra's grammar whose arguments may be names of groups."""
FREE = ("candidates", "symmetries")
"""Mappings from names of the user's choice to groups."""
CLOSING = {"(": ")", "[": "]", "{": "}"}


def as_hydra_reads(argument: str) -> str:
    """Puts the quotes into an override without which Hydra's grammar refuses it.

    Lists and mappings stay what they are, and so do sweeps and interpolations: only their items
    are quoted, and only those that the grammar cannot take, such as ``O(2)@xy`` or ``a=b``.

    Example:
        >>> as_hydra_reads("regularizers.xy.group=O(2)@xy"), as_hydra_reads("seed=range(3)")
        ("regularizers.xy.group='O(2)@xy'", 'seed=range(3)')
        >>> as_hydra_reads("candidates={c4: C(4), o3: O(3)}")
        "++candidates={c4: 'C(4)', o3: 'O(3)'}"
    """
    given = OVERRIDE.fullmatch(argument)
    if given is None:
        return argument
    # without the signs, Hydra takes only names that a mapping has already
    added = "++" if given[1].partition(".")[0] in FREE else ""
    mended = f"{added}{argument}"
    if not is_read(argument):
        mended = f"{added}{given[1]}={_mended(given[2])}"
    return mended if is_read(mended) else argument


def quoted(text: object) -> str:
    """A value in the quotes that Hydra takes for text of any kind."""
    # Hydra halves backslashes before a quote and at the end, and only there
    escaped = re.sub(r"(\\*)'", r"\1\1\\'", str(text))
    return "'" + re.sub(r"(\\+)$", r"\1\1", escaped) + "'"


def is_read(argument: str) -> bool:
    """Whether Hydra's grammar takes an override."""
    try:
        OverridesParser.create().parse_override(argument)
    except HydraException:
        return False
    return True


def _mended(value: str) -> str:
    inner = value.strip()
    if not is_read(f"key={value}"):
        if inner.startswith("[") and inner.endswith("]"):
            return f"[{','.join(map(_mended, split(inner[1:-1])))}]"
        if inner.startswith("{") and inner.endswith("}"):
            return "{" + ",".join(map(_mended_pair, split(inner[1:-1]))) + "}"
        if call := CALL.fullmatch(inner):
            return f"{call[1]}({','.join(map(_mended, split(call[2])))})"
        items = list(split(value))
        return ",".join(map(_mended, items)) if items[1:] else _quoted_item(value)
    return value


def _mended_pair(pair: str) -> str:
    name, colon, value = pair.partition(":")
    return f"{name}{colon}{_mended(value)}" if colon else pair


def _quoted_item(item: str) -> str:
    before, text, after = ITEM.fullmatch(item).groups()  # type: ignore[union-attr]
    opened = text[:1] in ("[", "{", "'", '"')  # what is not closed is a slip, not text
    return item if opened or "${" in text else f"{before}{quoted(text)}{after}"


def split(text: str) -> Iterator[str]:
    """Splits at commas outside of brackets and quotes.

    Example:
        >>> list(split("Reflect(2,1),'a,b',c"))
        ['Reflect(2,1)', "'a,b'", 'c']
    """
    start, closing = 0, [""]
    for place, letter in enumerate(text):
        if letter == closing[-1]:
            closing.pop()
        elif closing[-1] in ("'", '"'):
            continue
        elif letter in CLOSING:
            closing.append(CLOSING[letter])
        elif letter in ("'", '"') and (place == start or closing[-1]):
            closing.append(letter)  # within a word it is an apostrophe
        elif letter == "," and len(closing) == 1:
            yield text[start:place]
            start = place + 1
    yield text[start:]
