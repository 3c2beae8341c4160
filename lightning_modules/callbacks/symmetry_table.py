"""What :class:`Symmetries` says and writes at the end of a fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from lightning import Trainer
from lightning.pytorch.utilities import rank_zero_info

from softsym.lightning_modules.held_out import held_out
from softsym.metrics import SymmetryTest
from softsym.regularizers import Regularizer
from softsym.runs.errors import UserError
from softsym.runs.files import write_json
from softsym.runs.layout import VERDICTS

COLUMNS = ("symmetry", "group", "strength", "penalty", "measured")


class Tested(Protocol):
    """The callback, as far as it is asked here."""

    @property
    def regularizers(self) -> Mapping[str, Regularizer]:
        """All by name."""

    @property
    def history(self) -> Sequence[tuple[int, str, float, float]]:
        """Epoch, name, strength and mean penalty."""

    def verdicts(self, x: Any, y: Any, clusters: Any = None, **settings: Any) -> SymmetryTest:
        """Tests the symmetries."""


def at_the_end(symmetries: Tested, trainer: Trainer, test: bool) -> SymmetryTest | None:
    """Prints the table, tests on the validation data if asked for, and writes the verdicts.

    Returns:
        The test of this process; None on others than the first, and where none was possible.
    """
    if not trainer.is_global_zero:
        return None
    rank_zero_info(f"\n{table(symmetries)}")
    if not test:
        return None
    try:
        tested = symmetries.verdicts(*held_out(trainer))
    except Exception as reason:  # the training has ended well all the same
        kind = "" if isinstance(reason, UserError | ValueError) else f"{type(reason).__name__}: "
        rank_zero_info(f"No verdicts: {kind}{reason}")
        return None
    rank_zero_info(f"\n{tested}\n")
    logger = trainer.logger
    # trainer.log_dir would wait for the other processes, which may have no logger
    folder = logger and (getattr(logger, "log_dir", None) or logger.save_dir)
    if folder:
        write_json(Path(folder) / VERDICTS, tested.to_dict())
    return tested


def table(symmetries: Tested) -> str:
    """One row a regularizer: strength, last penalty, and which part of the network it measures."""
    penalties = {name: penalty for _, name, _, penalty in symmetries.history}
    rows = [COLUMNS] + [
        (
            name,
            str(r.group or type(r).__name__),
            f"{r.strength:.3g}",
            f"{p:.3g}" if math.isfinite(p := penalties.get(name, math.nan)) else "-",
            str(r.coverage or "the network as a function"),
        )
        for name, r in symmetries.regularizers.items()
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
