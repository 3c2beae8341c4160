"""How a search goes, as a table in the terminal. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softsym.reporting.number_format import duration, number
from softsym.reporting.searches import counts
from softsym.runs.optuna_journal import EXECUTOR, JOB, MONITOR, REASON, RESTARTS, SLOTS, TOTAL
from softsym.sweeps.progress import ended, seconds_left
from softsym.sweeps.study import Study, value_of

SHOWN = 5


def show_status(study: Study, folder: Path, console: Console) -> None:
    """Prints counts, the best trials, those that run, and the last failures."""
    trials = study.trials
    console.print(Text(f"{study.name} in {folder}", style="bold"))
    console.print(Text(summary(study, trials)))
    for title, table in (
        (f"Best by {study.optuna.user_attrs.get(MONITOR, 'value')}", best_table(trials)),
        ("Running", running_table(trials)),
        ("Failed last", failed_table(trials)),
    ):
        if table.row_count:
            console.print()
            console.print(Text(title, style="bold"))
            console.print(table)


def summary(study: Study, trials: Sequence[FrozenTrial]) -> str:
    """Counts, and how long it may still take."""
    known = study.optuna.user_attrs
    total, slots = known.get(TOTAL, len(trials)), known.get(SLOTS, 1)
    parts = [f"{ended(trials)} of {total} trials have ended"]
    found = counts(trials)
    if found:
        parts.append(", ".join(f"{n} {word}" for word, n in found.items()))
    ends = [t.datetime_complete for t in trials if t.datetime_complete is not None]
    starts = [t.datetime_start for t in trials if t.datetime_start is not None]
    if ends:
        hours = (max(ends) - min(starts)).total_seconds() / 3600
        parts.append(f"{number(len(ends) / max(hours, 1e-9))} trials an hour")
    left = seconds_left(trials, total, slots) if ended(trials) < total else None
    if left is not None and left >= 1:
        parts.append(f"about {duration(left)} left")
    return "; ".join(parts)


def best_trials(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Complete ones, the best first."""
    done = [t for t in trials if t.state == TrialState.COMPLETE and t.value is not None]
    return sorted(done, key=value_of)


def best_table(trials: Sequence[FrozenTrial]) -> Table:
    """The best trials with their parameters."""
    table = _table("Trial", "Value", "Parameters")
    for trial in best_trials(trials)[:SHOWN]:
        shown = " ".join(f"{name}={_shown(value)}" for name, value in trial.params.items())
        table.add_row(str(trial.number), number(trial.value), Text(shown))
    return table


def running_table(trials: Sequence[FrozenTrial]) -> Table:
    """Trials that run, with their jobs."""
    table = _table("Trial", "Job", "Since", "Restarts", "Last value")
    for trial in (t for t in trials if t.state == TrialState.RUNNING):
        began, last = trial.datetime_start, trial.last_step
        since = "-" if began is None else duration((datetime.now() - began).total_seconds())
        notes = trial.user_attrs
        value = "-" if last is None else f"{number(trial.intermediate_values[last])} (epoch {last})"
        job = f"{notes.get(EXECUTOR, '')} {notes.get(JOB, '-')}".strip()
        restarts = str(notes.get(RESTARTS, 0))
        table.add_row(str(trial.number), Text(job), since, restarts, value)
    return table


def failed_table(trials: Sequence[FrozenTrial]) -> Table:
    """The last trials that failed, and why."""
    table = _table("Trial", "Reason")
    failed = [t for t in trials if t.state == TrialState.FAIL]
    for trial in failed[-SHOWN:]:
        table.add_row(str(trial.number), Text(str(trial.user_attrs.get(REASON, "-"))))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table


def _shown(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)
