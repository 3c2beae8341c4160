"""What installed packages add by name, through the entry points of their metadata.

Reading names imports nothing; a package is imported once something of it is asked for by name.
"""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, entry_points
from typing import Any

NAME = re.compile(r"[A-Za-z]\w*")


class PluginError(ValueError):
    """An entry point that cannot be used; the message is one line."""


def plugins(kind: str) -> dict[str, EntryPoint]:
    """Entry points of all installed packages by name; the first on the path of a name counts.

    Args:
        kind: ``groups``, ``regularizers``, ``policies`` or ``datamodules``.
    """
    found: dict[str, EntryPoint] = {}
    for each in entry_points(group=f"softsym.{kind}"):
        if NAME.fullmatch(each.name):
            found.setdefault(each.name, each)
    return found


def load_plugin(kind: str, name: str) -> type[Any]:
    """Imports the class that an entry point names.

    Raises:
        PluginError: If its package cannot be imported, or it is no class.
    """
    entry = plugins(kind)[name]
    try:
        made = entry.load()
    except Exception as error:  # whatever the code of another package raises
        reason = (str(error).splitlines() or [""])[0]
        raise _refused(kind, entry, f"{type(error).__name__}: {reason}") from error
    if not isinstance(made, type):
        raise _refused(kind, entry, f"it is no class but of type {type(made).__name__}")
    return made


def _refused(kind: str, entry: EntryPoint, why: str) -> PluginError:
    package = entry.dist.name if entry.dist is not None else "unknown"
    return PluginError(
        f"The entry point {entry.name} = {entry.value} (softsym.{kind}) of the package {package} "
        f"cannot be used: {why}"
    )
