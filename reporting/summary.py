"""Everything a run leaves behind, as plain values: the one input of every report."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from softsym.reporting.grades import Grade, grade
from softsym.reporting.predictions import Predictions
from softsym.reporting.symmetry_results import SymmetryResult
from softsym.runs.strengths import StrengthRow

MODEL = "model"


@dataclass(frozen=True)
class RunSummary:
    """The content of a report; any part may be empty, as when a run is stopped early.

    Attributes:
        title: Name of the run.
        status: ``"finished"``, ``"interrupted"`` or ``"failed"``.
        symmetries: One result per candidate symmetry.
        history: Strengths and penalties by epoch.
        metrics: Flat, such as ``{"test/mse": 0.1}``.
        predictions: Test samples for the pictures.
        adjusted_at: Epoch at which the policy adjusted the strengths.
        config: The composed config as yaml text.
        command: Command line that runs it again.
        versions: Package -> version.
        seconds: Wall-clock time of the run, in seconds.
        parameters: Number of trained numbers in the network.
    """

    title: str
    status: str = "finished"
    symmetries: tuple[SymmetryResult, ...] = ()
    history: tuple[StrengthRow, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    predictions: Predictions | None = None
    adjusted_at: int | None = None
    config: str = ""
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    parameters: int = 0

    @cached_property
    def adjusted(self) -> bool:
        """Whether strengths were tuned during the run; only then do they carry information."""
        if self.adjusted_at is not None:
            return True
        first: dict[str, float] = {}
        return any(
            not math.isclose(first.setdefault(row.name, row.strength), row.strength, rel_tol=1e-6)
            for row in self.history
        )

    @cached_property
    def grades(self) -> dict[str, Grade]:
        """Name of a symmetry -> how well it is kept."""
        results = self.symmetries
        return {r.name: grade(r, results, adjusted=self.adjusted) for r in results}


@dataclass(frozen=True)
class Scores:
    """A table: ``rows`` of (metric, one value or None per column)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


def scores(summary: RunSummary, prefix: str | tuple[str, ...] = "") -> Scores:
    """Metrics whose key starts with ``prefix``, test metrics first, model before baselines."""
    # a baseline's name is between the parts of a key that is otherwise one of the model
    parts = (key.split("/", 2) for key in summary.metrics)
    baselines = {p[1] for p in parts if len(p) == 3 and f"{p[0]}/{p[2]}" in summary.metrics}
    table: dict[str, dict[str, float]] = {}
    for key in sorted(summary.metrics, key=lambda key: (not key.startswith("test"), key)):
        if key.startswith(prefix):
            split, _, rest = key.partition("/")
            name, _, metric = rest.partition("/")
            row, column = (f"{split}/{metric}", name) if name in baselines else (key, MODEL)
            table.setdefault(row, {})[column] = summary.metrics[key]
    others = {column for row in table.values() for column in row} - {MODEL}
    columns = (MODEL, *sorted(others))
    rows = ((metric, tuple(row.get(c) for c in columns)) for metric, row in table.items())
    return Scores(columns, tuple(rows))
