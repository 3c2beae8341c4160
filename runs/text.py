"""Text of others, made harmless to show; and text of ours, checked before it is written."""

from __future__ import annotations

import re

from softsym.runs.errors import UserError

# Control characters (C0, DEL, C1), line and paragraph separators, characters that turn the
# direction of writing around, and lone surrogates, which no file in UTF-8 can hold.
_KINDS = r"\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_INVISIBLE = re.compile(rf"[\x00-\x08{_KINDS}]")
_NOT_PLAIN = re.compile(rf"[\x00-\x0a{_KINDS}]")


def visible(text: str) -> str:
    r"""Text in which characters that a terminal would obey are written as escapes.

    Line breaks and tabs stay.

    Example:
        >>> visible("a\x1b[2Jb")
        'a\\x1b[2Jb'
    """
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def require_plain(name: str, text: object) -> None:
    """Checks text that reaches a script, the name of a file, a log or a page.

    Args:
        name: What the text is, such as the config key.
        text: The text; values of other types pass.

    Raises:
        UserError: If it holds a line break or another control character.
    """
    if isinstance(text, str) and _NOT_PLAIN.search(text):
        raise UserError(
            f"{name} holds a line break or another control character: {text!r}. Write it as one "
            "line of plain text."
        )
