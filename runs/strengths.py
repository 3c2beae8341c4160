"""The rows of ``strengths.csv``."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from softsym.runs.untrusted import LARGEST_TABLE, UnreadableError, read_text


class StrengthRow(NamedTuple):
    """One symmetry in one epoch: the strength it trained with, and its mean penalty."""

    epoch: int
    name: str
    strength: float
    penalty: float


def read_strengths(path: Path) -> tuple[StrengthRow, ...]:
    """All rows of a ``strengths.csv``.

    Raises:
        OSError: If the file cannot be opened.
        UnreadableError: If it is no such table.
    """
    rows = csv.DictReader(io.StringIO(read_text(path, LARGEST_TABLE), newline=""))
    try:
        return tuple(
            StrengthRow(int(r["epoch"]), r["name"], float(r["strength"]), float(r["penalty"]))
            for r in rows
        )
    except (KeyError, TypeError, ValueError):
        wanted = ", ".join(StrengthRow._fields)
        raise UnreadableError(f"it is no table with the columns {wanted}") from None
