"""Files that are complete or absent, never half written."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from softsym.runs.untrusted import UnreadableError, parse_json, read_text


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yields a temporary path beside ``path``, which takes its place when the body succeeds.

    A reader, or a process that is killed halfway, sees the old file or the new one. If the body
    raises, the old file stays.

    Args:
        path: The file to make or replace; its folder is made.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # beside the file, because a rename is atomic only within one file system
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files that only their owner can read; open() would honour the umask
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def clear_leftovers(folder: Path) -> None:
    """Removes the temporary files that killed writers left in a folder; its owner may call this."""
    for path in folder.glob(".*.tmp"):
        path.unlink(missing_ok=True)


def write_atomically(path: Path | str, text: str) -> None:
    """Writes text as UTF-8, in one step as seen by any reader."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())  # otherwise a power cut after the rename could leave it empty


def write_json(path: Path | str, content: Any) -> None:
    """Writes JSON text that people can read, in one step as seen by any reader."""
    write_atomically(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Reads a JSON object; None if there is no file.

    Raises:
        OSError: If the file cannot be read.
        UnreadableError: If it holds no JSON object, or exceeds a limit of
            :mod:`softsym.runs.untrusted`; a ValueError.
    """
    try:
        content = parse_json(read_text(path))
    except FileNotFoundError:
        return None
    if not isinstance(content, dict):
        raise UnreadableError("it holds no object")
    return content
