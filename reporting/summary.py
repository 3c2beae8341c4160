"""Everything a run leaves behind, as plain values: the one input of every report."""

from __future__ import annotations

from dataclasses import dataclass, field

from softsym.metrics import SymmetryTest, Verdict
from softsym.reporting.environments import EnvironmentResult
from softsym.reporting.predictions import Predictions
from softsym.reporting.symmetry_results import SymmetryResult
from softsym.runs.strengths import StrengthRow

MODEL = "model"
MOVED = "test/moved/"
"""Beginning of the metrics of moved test samples, ``test/moved/<symmetry>/<metric>``."""


@dataclass(frozen=True)
class RunSummary:
    """The content of a report; any part may be empty, as when a run is stopped early."""

    title: str  # name of the run
    status: str = "finished"  # or "interrupted" or "failed"
    symmetries: tuple[SymmetryResult, ...] = ()
    history: tuple[StrengthRow, ...] = ()  # strengths and penalties by epoch
    test: SymmetryTest | None = None  # of the model on held-out samples
    untested: str = ""  # why there is no test
    metrics: dict[str, float] = field(default_factory=dict)  # flat, such as {"test/mse": 0.1}
    predictions: Predictions | None = None  # test samples for the pictures
    adjusted_at: int | None = None  # epoch at which the policy adjusted the strengths
    config: str = ""  # the composed config as yaml text
    command: str = ""  # command line that runs it again
    versions: dict[str, str] = field(default_factory=dict)  # of packages
    seconds: float = 0.0  # wall-clock time
    parameters: int = 0  # number of trained numbers in the network
    bound: str = ""  # which of them regularizers of weights measure
    measures: str = ""  # what the penalties are
    data: str = ""  # what was done to the data before the training
    monitor: str = ""  # the validation metric that chose the model, such as "val/mse"
    higher_is_better: bool = False  # of that metric
    unmoved: dict[str, str] = field(default_factory=dict)  # symmetry -> why no sample was moved
    environments: tuple[EnvironmentResult, ...] = ()  # of the folds of a selection
    held_out: str = "validation and test"  # samples that verdicts come from

    def verdict(self, name: str) -> Verdict | None:
        """The verdict on a symmetry; None if it was not tested."""
        return None if self.test is None else self.test.get(name)


@dataclass(frozen=True)
class Scores:
    """A table: ``rows`` of (metric, one value or None per column)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


def scores(summary: RunSummary, prefix: str | tuple[str, ...] = "") -> Scores:
    """Metrics whose key starts with ``prefix``, test metrics first, model before baselines.

    Those of moved test samples have a table of their own.
    """
    # a baseline's name is between the parts of a key that is otherwise one of the model
    parts = (key.split("/", 2) for key in summary.metrics)
    baselines = {p[1] for p in parts if len(p) == 3 and f"{p[0]}/{p[2]}" in summary.metrics}
    table: dict[str, dict[str, float]] = {}
    for key in sorted(summary.metrics, key=lambda key: (not key.startswith("test"), key)):
        if key.startswith(prefix) and not key.startswith(MOVED):
            split, _, rest = key.partition("/")
            name, _, metric = rest.partition("/")
            row, column = (f"{split}/{metric}", name) if name in baselines else (key, MODEL)
            table.setdefault(row, {})[column] = summary.metrics[key]
    others = {column for row in table.values() for column in row} - {MODEL}
    columns = (MODEL, *sorted(others))
    rows = ((metric, tuple(row.get(c) for c in columns)) for metric, row in table.items())
    return Scores(columns, tuple(rows))
