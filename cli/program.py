"""The commands of the project as this process was started, for messages that are pasted."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

SCRIPTS = ("train.py", "sweep.py", "report.py")


def program(argv: Sequence[str], original: Sequence[str]) -> list[str]:
    """The words before the arguments of this process, as the user typed them.

    Args:
        argv: ``sys.argv``.
        original: ``sys.orig_argv``, which also knows the interpreter and its flags.

    Example:
        >>> program(["/env/softsym/train.py", "seed=1"], ["python", "/env/bin/softsym", "train"])
        ['softsym', 'train']
    """
    words = original[1:3]
    if words and Path(words[0]).name == "softsym":
        return ["softsym", *words[1:]]
    if words == ["-m", "softsym"]:
        return ["python", *original[1:4]]
    if words[:1] == ["-m"]:
        return ["python", *words]
    return ["python", argv[0]]


def command_of(name: str, original: Sequence[str] | None = None) -> list[str]:
    """The words that start a command in the way in which this process was started.

    Args:
        name: The command, such as ``report``.
        original: ``sys.orig_argv`` if None.

    Example:
        >>> command_of("report", ["python", "/env/bin/softsym", "train"])
        ['softsym', 'report']
        >>> command_of("report", ["python", "sweep.py"])
        ['python', 'report.py']
    """
    words = list(sys.orig_argv if original is None else original)[1:3]
    script = Path(words[0]) if words else Path()
    if script.name == "softsym":
        return ["softsym", name]
    if words == ["-m", "softsym"]:
        return ["python", "-m", "softsym", name]
    if words[0:1] == ["-m"] and words[-1].startswith("softsym."):
        return ["python", "-m", f"softsym.{name}"]
    beside = script if script.name in SCRIPTS else Path(SCRIPTS[0])
    return ["python", str(beside.with_name(f"{name}.py"))]


def spoken(name: str) -> str:
    """The same as text for a message or a help page, such as ``softsym report``."""
    return " ".join(command_of(name))
