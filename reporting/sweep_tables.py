"""Tables of many runs: a row per run, a row per configuration."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from softsym.reporting.configurations import Spread, Sweep, spread
from softsym.reporting.swept import shown
from softsym.reporting.words import duration, error, number
from softsym.runs.layout import REPORT
from softsym.runs.reading import Run

ERROR = "test/equivariance_error/"


@dataclass(frozen=True)
class Column:
    """A column as the template takes it.

    Attributes:
        key: what filters call it, such as ``"test/mse"``.
        label: what stands above it, under the name of its ``group``.
        group: columns of a group stand side by side.
        numeric: whether it is aligned and sorted as numbers.
    """

    key: str
    label: str
    group: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes:
        text: what a reader sees.
        value: what sorting and filtering go by: a number, or the text; empty where it is missing.
        link: address relative to the page.
    """

    text: str
    value: str
    link: str = ""


@dataclass(frozen=True)
class SweepTable:
    """Columns, and as many cells in each row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Names of neighbouring groups and how many columns each spans."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans


def metric_columns(sweep: Sweep) -> list[Column]:
    """The deciding metric, those of the test, strengths and equivariance errors of the model."""
    known = list(dict.fromkeys(key for run in sweep.runs for key in run.metrics))
    plain = [k for k in known if k.startswith(("test/", "ood/")) and ERROR[5:-1] not in k]
    scores = dict.fromkeys([sweep.metric, *plain]) if sweep.metric else dict.fromkeys(plain)
    columns = [Column(key, _rest(key), _first(key)) for key in scores]
    columns += [Column(f"strength/{n}", n, "strength") for n in sweep.symmetries]
    errors = [key for key in known if key.startswith(ERROR)]
    return columns + [
        Column(key, key.removeprefix(ERROR), "equivariance error (test)") for key in errors
    ]


def run_table(sweep: Sweep, page: Path) -> SweepTable:
    """A row per run, those of the best configuration first.

    Args:
        sweep: the runs.
        page: file that the table will stand in; links are relative to it.
    """
    keys = [Column(key.key, key.label, "configuration", key.numeric) for key in sweep.keys]
    metrics = metric_columns(sweep)
    columns = [
        Column("run", "run", "", numeric=False),
        Column("rank", "rank", "configuration"),
        *keys,
        Column("seed", "seed"),
        Column("status", "status", "", numeric=False),
        *metrics,
        Column("seconds", "time", "run"),
    ]
    counted = {id(run) for run in sweep.counted}
    rows = [
        (
            run_cell(run, page),
            Cell(f"{configuration.rank}", f"{configuration.rank}"),
            *(_config_cell(run.value(column.key)) for column in keys),
            _config_cell(run.seed),
            _status_cell(run, id(run) in counted),
            *(_metric_cell(run, column) for column in metrics),
            _number_cell(run.seconds, duration),
        )
        for configuration in sweep.configurations
        for run in configuration.runs
    ]
    return SweepTable(tuple(columns), tuple(rows))


def configuration_table(sweep: Sweep) -> SweepTable:
    """A row per configuration, the best first: mean and spread over its counted runs."""
    metrics = metric_columns(sweep)
    columns = [
        Column("rank", "rank", "configuration"),
        *(Column(key.key, key.label, "configuration", key.numeric) for key in sweep.keys),
        Column("n", "n", "finished"),
        Column("seeds", "seeds", "finished"),
        *metrics,
    ]
    rows = [
        (
            Cell(f"{configuration.rank}", f"{configuration.rank}"),
            *(_config_cell(value) for value in configuration.values),
            Cell(f"{len(configuration.counted)}", f"{len(configuration.counted)}"),
            Cell(f"{configuration.seeds}", f"{configuration.seeds}"),
            *(_spread_cell(spread(configuration.counted, column.key)) for column in metrics),
        )
        for configuration in sweep.configurations
    ]
    return SweepTable(tuple(columns), tuple(rows))


def run_cell(run: Run, page: Path) -> Cell:
    """The folder of a run as seen from the page, with a link to its report if there is one."""
    name = relative(run.folder, page)
    report = run.folder / REPORT
    link = quote(relative(report, page)) if report.exists() else ""
    return Cell(name, name, link)


def relative(path: Path, page: Path) -> str:
    """A path as seen from the folder of a page, with slashes.

    Example:
        >>> relative(Path("outputs/inertia/1"), Path("outputs/overview.html"))
        'inertia/1'
    """
    return Path(os.path.relpath(path.absolute(), page.absolute().parent)).as_posix()


def _first(key: str) -> str:
    first = key.split("/", maxsplit=1)[0]
    return {"val": "validation", "ood": "out of distribution"}.get(first, first)


def _rest(key: str) -> str:
    return key.split("/", 1)[-1]


def _config_cell(value: Any) -> Cell:
    return Cell("", "") if value is None else Cell(shown(value), _exact(value))


def _exact(value: Any) -> str:
    return repr(value) if type(value) in (int, float) else shown(value)


def _status_cell(run: Run, counted: bool) -> Cell:
    """What ended a run, with a word where a newer run of its seed stands for it."""
    repeated = run.status == "finished" and not counted
    return Cell("finished, repeated" if repeated else run.status, run.status)


def _metric_cell(run: Run, column: Column) -> Cell:
    if column.group == "strength":
        return _number_cell(run.final_strength(column.label), number)
    write = error if column.key.startswith(ERROR) else number
    return _number_cell(run.metrics.get(column.key), write)


def _number_cell(value: float | None, write: Callable[[float], str]) -> Cell:
    if value is None:
        return Cell("", "")
    # A run that diverged says so; it sorts as missing.
    return Cell(write(value), repr(value)) if math.isfinite(value) else Cell(str(value), "")


def _spread_cell(found: Spread) -> Cell:
    return Cell(str(found), "" if found.mean is None else repr(found.mean))
