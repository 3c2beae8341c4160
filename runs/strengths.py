"""The rows of ``strengths.csv``."""

from __future__ import annotations

from typing import NamedTuple


class StrengthRow(NamedTuple):
    """One symmetry in one epoch: the strength it trained with, and its mean penalty."""

    epoch: int
    name: str
    strength: float
    penalty: float
