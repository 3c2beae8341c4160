"""The rows of ``strengths.csv``."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import NamedTuple

from softsym.runs.untrusted import LARGEST_TABLE, UnreadableError, read_text


class StrengthRow(NamedTuple):
    """One symmetry in one epoch: the strength it trained with, and its mean penalty.

    Policies that constrain asymmetry also leave what it was after the epoch, its tolerance, and the
    price that they put on it from then on; others leave NaN.
    """

    epoch: int
    name: str
    strength: float
    penalty: float
    asymmetry: float = math.nan
    tolerance: float = math.nan
    price: float = math.nan

    @property
    def excess(self) -> float:
        """Asymmetry over tolerance: above 1 the constraint is not met."""
        return self.asymmetry / self.tolerance if self.tolerance else math.nan


USUAL = StrengthRow._fields[:4]
"""Columns of the file under policies without constraints."""


def read_strengths(path: Path) -> tuple[StrengthRow, ...]:
    """All rows of a ``strengths.csv``.

    Raises:
        OSError: If the file cannot be opened.
        UnreadableError: If it is no such table.
    """
    rows = csv.DictReader(io.StringIO(read_text(path, LARGEST_TABLE), newline=""))
    try:
        return tuple(
            StrengthRow(
                int(r["epoch"]),
                r["name"],
                *(float(r[key]) for key in USUAL[2:]),
                *(float(r.get(key) or "nan") for key in StrengthRow._fields[4:]),
            )
            for r in rows
        )
    except (KeyError, TypeError, ValueError):
        wanted = ", ".join(USUAL)
        raise UnreadableError(f"it is no table with the columns {wanted}") from None
