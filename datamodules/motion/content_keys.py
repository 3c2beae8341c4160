"""Keys that identify the content of raw files, so that a cache notices changes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

SMALL = 1 << 26
"""Total bytes up to which files are identified by content, and by size and time beyond."""

ENDS = 1 << 16
"""Bytes at either end of a shard that identify it."""


def raw_key(folder: Path, patterns: Sequence[str]) -> str:
    """Identifies the files of a folder that match the patterns (16 hex digits).

    Small sets are identified by content, wherever they are. Large sets take minutes to read, so
    only names, sizes and modification times count.
    """
    paths = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    files = [path for path in paths if path.is_file()]
    small = sum(path.stat().st_size for path in files) <= SMALL
    digest = hashlib.sha256()
    for path in files:
        name, stat = path.relative_to(folder).as_posix(), path.stat()
        content = path.read_bytes() if small else repr((stat.st_size, stat.st_mtime_ns)).encode()
        digest.update(repr((name, hashlib.sha256(content).hexdigest())).encode())
    return digest.hexdigest()[:16]


def shard_key(path: Path) -> tuple[str, int, str]:
    """Identifies a TFRecord shard by name, size and the content of its ends.

    Hashing a terabyte would take hours, and modification times differ between copies. The ends
    contain the checksums of the first and the last record; reading verifies all others.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.sha256(file.read(ENDS))
        file.seek(max(size - ENDS, 0))
        digest.update(file.read(ENDS))
    return path.name, size, digest.hexdigest()
