"""The status of a search as tables in the terminal. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softsym.reporting.number_format import duration, number, plain_table
from softsym.reporting.swept import shown
from softsym.runs.optuna_journal import (
    EXECUTOR,
    JOB,
    MONITOR,
    REASON,
    RESTARTS,
    SLOTS,
    TOTAL,
    counts,
)
from softsym.sweeps.search.progress import ended, seconds_left
from softsym.sweeps.search.study import Study, complete

ROWS = 5
"""Maximum number of best and of failed trials to show."""


def show_status(study: Study, folder: Path, console: Console) -> None:
    """Prints counts, the best trials, those that run, and the last failures."""
    trials = study.trials
    console.print(Text(f"{study.name} in {folder}", style="bold"))
    console.print(Text(_summary(study, trials)))
    for title, table in (
        (f"Best by {study.optuna.user_attrs.get(MONITOR, 'value')}", _best_table(trials)),
        ("Running", _running_table(trials)),
        ("Failed last", _failed_table(trials)),
    ):
        if table.row_count:
            console.print()
            console.print(Text(title, style="bold"))
            console.print(table)


def _summary(study: Study, trials: Sequence[FrozenTrial]) -> str:
    """Number of trials by state, and the estimated time to the end."""
    notes = study.optuna.user_attrs
    total, slots = notes.get(TOTAL, len(trials)), notes.get(SLOTS, 1)
    parts = [f"{ended(trials)} of {total} trials have ended"]
    if states := counts(trials):
        parts.append(", ".join(f"{count} {word}" for word, count in states.items()))
    ends = [t.datetime_complete for t in trials if t.datetime_complete is not None]
    starts = [t.datetime_start for t in trials if t.datetime_start is not None]
    if ends:
        hours = (max(ends) - min(starts)).total_seconds() / 3600
        parts.append(f"{number(len(ends) / max(hours, 1e-9))} trials an hour")
    left = seconds_left(trials, total, slots) if ended(trials) < total else None
    if left is not None and left >= 1:
        parts.append(f"about {duration(left)} left")
    return "; ".join(parts)


def _best_table(trials: Sequence[FrozenTrial]) -> Table:
    table = _table("Trial", "Value", "Parameters")
    for trial in complete(trials)[:ROWS]:
        params = " ".join(f"{name}={shown(value)}" for name, value in trial.params.items())
        table.add_row(str(trial.number), number(trial.value), Text(params))
    return table


def _running_table(trials: Sequence[FrozenTrial]) -> Table:
    table = _table("Trial", "Job", "Since", "Restarts", "Last value")
    for trial in (t for t in trials if t.state == TrialState.RUNNING):
        began, last, notes = trial.datetime_start, trial.last_step, trial.user_attrs
        since = "-" if began is None else duration((datetime.now() - began).total_seconds())
        value = "-" if last is None else f"{number(trial.intermediate_values[last])} (epoch {last})"
        job = Text(f"{notes.get(EXECUTOR, '')} {notes.get(JOB, '-')}".strip())
        table.add_row(str(trial.number), job, since, str(notes.get(RESTARTS, 0)), value)
    return table


def _failed_table(trials: Sequence[FrozenTrial]) -> Table:
    table = _table("Trial", "Reason")
    for trial in [t for t in trials if t.state == TrialState.FAIL][-ROWS:]:
        table.add_row(str(trial.number), Text(str(trial.user_attrs.get(REASON, "-"))))
    return table


def _table(*columns: str) -> Table:
    table = plain_table()
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table
