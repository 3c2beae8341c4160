"""The page of a run, made again from what its folder holds: nothing is trained or tested."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from softsym.metrics import SymmetryTest, Verdict
from softsym.reporting.environments import EnvironmentResult
from softsym.reporting.html import write_report
from softsym.reporting.predictions import Predictions
from softsym.reporting.summary import RunSummary
from softsym.reporting.symmetry_results import SymmetryResult
from softsym.reporting.terminal import show
from softsym.runs.errors import UserError
from softsym.runs.files import read_json
from softsym.runs.layout import CONFIG, COST, FOLD, PREDICTIONS, STARTED, STRENGTHS, VERDICTS
from softsym.runs.reading import Run, read_run
from softsym.runs.strengths import StrengthRow, read_strengths
from softsym.runs.untrusted import read_text

log = logging.getLogger(__name__)

T = TypeVar("T")

ASKED = {"level": 0.05, "tolerance": 0.05}
"""Settings of the test of a run whose record does not hold them."""


def report_run(folder: Path, page: Path) -> None:
    """Writes the page of the run in a folder, and prints its tables.

    Raises:
        UserError: If the folder holds no run, or the page cannot be written.
    """
    summary = stored_summary(folder)
    try:
        write_report(summary, page)
    except OSError as error:
        raise UserError(
            f"The page {str(page)!r} cannot be written: {error}. Name another place with "
            "--output FILE."
        ) from error
    show(summary, page, Console())


def stored_summary(folder: Path) -> RunSummary:
    """What a run left in its folder; files that are missing or damaged are left out.

    Raises:
        UserError: If the folder holds no run.
    """
    run = read_run(folder)
    if isinstance(run, str):
        raise UserError(f"{run}. Give the folder of a run.")
    for problem in run.problems:
        log.warning("%s", problem)
    record, records = run.record, _read(folder / VERDICTS, read_json) or {}
    history = _read(folder / STRENGTHS, read_strengths) or ()
    test, untested = _test(records, record, run.metrics)
    costs = _read(folder / COST, read_json) or {}
    started = _read(folder / STARTED, read_json) or {}
    adjusted, monitor = record.get("adjusted_at"), str(run.monitor or "")
    return RunSummary(
        title=str(run.config.get("name", folder.name)),
        status=run.status,
        symmetries=_symmetries(run, records, history),
        history=history,
        test=test,
        untested=untested,
        metrics=dict(run.metrics),
        predictions=_read(folder / PREDICTIONS, Predictions.load),
        adjusted_at=adjusted if isinstance(adjusted, int) else None,
        config=_without_note(_read(folder / CONFIG, read_text) or ""),
        command=str(record.get("command", started.get("command", ""))),
        versions=_texts(record.get("versions")),
        seconds=math.nan if run.seconds is None else run.seconds,
        parameters=int(costs.get("run/parameters", 0)),
        bound=str(record.get("bound", "")),
        measures=str(record.get("measures", "")),
        data=str(record.get("data", "")),
        monitor=monitor,
        higher_is_better=monitor in (record.get("higher_is_better") or ()),
        unmoved=_texts(record.get("unmoved")),
        environments=read_folds(folder),
        held_out=str(record.get("held_out", "validation and test")),
    )


def read_folds(folder: Path) -> tuple[EnvironmentResult, ...]:
    """What the folds of a selection found that is in a folder; folds without results are left out.

    Args:
        folder: The run folder of the final training.
    """
    count = sum(1 for _ in folder.glob(f"{FOLD}*"))
    runs = [read_run(folder / f"{FOLD}{number}") for number in range(count)]
    return tuple(_fold(run) for run in runs if isinstance(run, Run) and "fold" in run.record)


def _fold(run: Run) -> EnvironmentResult:
    record, fields = run.record, run.record["fold"]
    named = fields.get("environments") if isinstance(fields, dict) else None
    epochs = int(record.get("epochs", 0))
    history = _read(run.folder / STRENGTHS, read_strengths) or ()
    test, untested = _test(run.verdicts, record, run.metrics)
    return EnvironmentResult(
        environments=tuple(map(str, named or ())),
        epochs=epochs,
        score=run.metrics.get(run.monitor or "", math.nan),
        # rows count epochs from 0: the best model's last one is that before
        strengths={row.name: row.strength for row in history if row.epoch < epochs},
        test=test,
        untested=untested,
    )


def _read(path: Path, reader: Callable[[Path], T]) -> T | None:
    """The content of a file; None if it is missing, and with a warning if it is damaged."""
    try:
        return reader(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return None


def _symmetries(
    run: Run, records: Mapping[str, Any], history: tuple[StrengthRow, ...]
) -> tuple[SymmetryResult, ...]:
    """One result a symmetry, in the order of the verdicts, else in that of the history."""
    last = {row.name: row for row in history}
    results = []
    for name in records or last:
        fields = records.get(name)
        group = fields.get("group") if isinstance(fields, dict) else None
        row = last.get(name, StrengthRow(0, name, 0.0, math.nan))
        results.append(
            SymmetryResult(
                name=name,
                group=str(group or run.config.get(f"regularizers.{name}.group", name)),
                strength=run.metrics.get(f"strength/{name}", row.strength),
                penalty=row.penalty,
                model_error=run.metrics.get(f"test/equivariance_error/{name}"),
            )
        )
    return tuple(results)


def _test(
    records: Mapping[str, Any], record: Mapping[str, Any], metrics: Mapping[str, float]
) -> tuple[SymmetryTest | None, str]:
    """The test of the symmetries, or None and why there is none."""
    explained = _explained(metrics)
    if not records or "all" not in explained:
        texts = [str(f.get("verdict", "")) for f in records.values() if isinstance(f, dict)]
        return None, next(iter(texts), "").removeprefix("no verdict: ")
    try:
        verdicts = {name: Verdict.from_dict(fields) for name, fields in records.items()}
    except ValueError as error:
        log.warning("%s holds %s", VERDICTS, error)
        return None, ""
    settings = record.get("test")
    asked = ASKED | (settings if isinstance(settings, dict) else {})
    return SymmetryTest(verdicts, asked, {}, explained), ""


def _explained(metrics: Mapping[str, float]) -> dict[str, tuple[float, float, float]]:
    """R^2 of each part of the targets with its interval, as the metrics hold them."""
    parts = [key.removesuffix("/lower") for key in metrics if key.endswith("/lower")]
    return {
        "all" if key == "r2" else key.removeprefix("r2/"): (
            metrics[key],
            metrics[f"{key}/lower"],
            metrics[f"{key}/upper"],
        )
        for key in parts
        if key.split("/")[0] == "r2" and f"{key}/upper" in metrics and key in metrics
    }


def _without_note(config: str) -> str:
    """The config without the comment that begins the file."""
    return "".join(line for line in config.splitlines(True) if not line.startswith("#"))


def _texts(given: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
