"""Tables of many runs: a row per run, a row per configuration."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from softsym.reporting.configurations import Sweep, spread
from softsym.reporting.number_format import duration, number, percent
from softsym.reporting.summary import MOVED
from softsym.reporting.swept import shown
from softsym.runs.layout import REPORT
from softsym.runs.reading import Run

ERROR = "test/equivariance_error/"
HEADING = "equivariance error (test, of the spread)"
SPLITS = {"val": "validation", "ood": "out of distribution"}


@dataclass(frozen=True)
class Column:
    """A column as the template takes it."""

    key: str  # its name in filters, such as "test/mse"
    label: str  # its heading, below the name of its group
    group: str = ""  # heading that it shares with its neighbours of the same group
    numeric: bool = True  # whether it is aligned and sorted as numbers


@dataclass(frozen=True)
class Cell:
    """A cell as the template takes it."""

    text: str  # what a reader sees
    value: str  # the number or text to sort and filter by; empty where it is missing
    link: str = ""  # address relative to the page


@dataclass(frozen=True)
class SweepTable:
    """A table as the template takes it; each row has one cell per column."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Names of neighbouring groups and the number of columns each spans."""
        by_group = groupby(self.columns, lambda column: column.group)
        return [(name, len(list(columns))) for name, columns in by_group]


def run_table(sweep: Sweep, page: Path) -> SweepTable:
    """A row per run, those of the best configuration first; links are relative to the page."""
    keys, metrics = _key_columns(sweep), _metric_columns(sweep)
    columns = (
        Column("run", "run", numeric=False),
        *keys,
        Column("seed", "seed"),
        Column("status", "status", numeric=False),
        *metrics,
        Column("seconds", "time", "run"),
    )
    finished = {id(run) for run in sweep.runs if run.status == "finished"}
    repeated = finished - {id(run) for run in sweep.counted}
    rows = tuple(
        (
            run_cell(run, page),
            _config_cell(configuration.rank),
            *(_config_cell(run.value(column.key)) for column in keys[1:]),
            _config_cell(run.seed),
            # a newer run of the same seed may replace a finished one
            Cell(run.status + ", repeated" * (id(run) in repeated), run.status),
            *(_metric_cell(run, column) for column in metrics),
            _number_cell(run.seconds, duration),
        )
        for configuration in sweep.configurations
        for run in configuration.runs
    )
    return SweepTable(columns, rows)


def configuration_table(sweep: Sweep) -> SweepTable:
    """A row per configuration, the best first: mean and spread over its counted runs."""
    metrics = _metric_columns(sweep)
    columns = (
        *_key_columns(sweep),
        Column("n", "n", "finished"),
        Column("seeds", "seeds", "finished"),
        *metrics,
    )
    rows = []
    for each in sweep.configurations:
        settings = (each.rank, *each.values, len(each.counted), each.seeds)
        spreads = (spread(each.counted, column.key) for column in metrics)
        scores = (Cell(str(s), "" if s.mean is None else repr(s.mean)) for s in spreads)
        rows.append((*(_config_cell(value) for value in settings), *scores))
    return SweepTable(columns, tuple(rows))


def run_cell(run: Run, page: Path) -> Cell:
    """The folder of a run as seen from the page, with a link to its report if there is one."""
    name = relative(run.folder, page)
    report = run.folder / REPORT
    link = quote(os.fsencode(relative(report, page))) if report.exists() else ""
    return Cell(name, name, link)


def relative(path: Path, page: Path) -> str:
    """A path as seen from the folder of a page, with slashes."""
    return Path(os.path.relpath(path.absolute(), page.absolute().parent)).as_posix()


def _key_columns(sweep: Sweep) -> list[Column]:
    """Rank and swept keys."""
    keys = [Column(key.key, key.label, "configuration", key.numeric) for key in sweep.keys]
    return [Column("rank", "rank", "configuration"), *keys]


def _metric_columns(sweep: Sweep) -> list[Column]:
    """The deciding metric, test metrics, strengths, and what the test measures of symmetries.

    That is the model's equivariance error, and the deciding metric of the moved test set.
    """
    known = list(dict.fromkeys(key for run in sweep.runs for key in run.metrics))
    tested = [key for key in known if key.startswith(("test/", "ood/"))]
    plain = [key for key in tested if ERROR[5:-1] not in key and not key.startswith(MOVED)]
    columns = []
    for key in dict.fromkeys([sweep.metric, *plain] if sweep.metric else plain):
        split = key.split("/", 1)[0]
        columns.append(Column(key, key.split("/", 1)[-1], SPLITS.get(split, split)))
    columns += [Column(f"strength/{name}", name, "strength") for name in sweep.symmetries]
    errors = [key.removeprefix(ERROR) for key in known if key.startswith(ERROR)]
    columns += [Column(ERROR + name, name, HEADING) for name in errors]
    metric = sweep.metric.partition("/")[2]
    names = (key.removeprefix(MOVED).split("/", 1) for key in known if key.startswith(MOVED))
    moved = [name for name, of in names if of == metric]
    columns += [Column(f"{MOVED}{n}/{metric}", n, f"test {metric} if moved") for n in moved]
    return columns


def _config_cell(value: Any) -> Cell:
    if value is None:
        return Cell("", "")
    return Cell(shown(value), repr(value) if type(value) in (int, float) else shown(value))


def _metric_cell(run: Run, column: Column) -> Cell:
    is_strength = column.group == "strength"
    value = run.final_strength(column.label) if is_strength else run.metrics.get(column.key)
    return _number_cell(value, percent if column.key.startswith(ERROR) else number)


def _number_cell(value: float | None, write: Callable[[float], str]) -> Cell:
    if value is None:
        return Cell("", "")
    # a diverged run shows nan or inf, and sorts as missing
    return Cell(write(value), repr(value)) if math.isfinite(value) else Cell(str(value), "")
