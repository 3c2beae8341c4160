"""Names the content of raw data, so that a cache knows when it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

SMALL = 1 << 26
"""Bytes up to which files are known by their content, and by size and time beyond."""


def raw_key(folder: Path, patterns: Sequence[str]) -> str:
    """Names the files that match (16 hex digits).

    Small sets are known by content, wherever they lie; of large ones, which take minutes to read,
    only names, sizes and times of modification count.

    Args:
        folder: The folder.
        patterns: Glob patterns relative to it.
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
