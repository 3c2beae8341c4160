"""Metrics of the model beside those of the baselines."""

from __future__ import annotations

from dataclasses import dataclass

from softsym.reporting.summary import RunSummary

MODEL = "model"


@dataclass(frozen=True)
class Scores:
    """A table: ``rows`` of (metric, one value or None per column)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


def scores(summary: RunSummary, prefix: str | tuple[str, ...] = "") -> Scores:
    """Metrics whose key starts with ``prefix``, test metrics first, model before baselines."""
    baselines = _baselines(summary)
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


def _baselines(summary: RunSummary) -> set[str]:
    """Names between the parts of a key that is otherwise one of the model."""
    parts = (key.split("/", 2) for key in summary.metrics)
    return {p[1] for p in parts if len(p) == 3 and f"{p[0]}/{p[2]}" in summary.metrics}
