"""How far a search is: a line of its log, and its status as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.text import Text

from softsym.reporting.number_format import duration, number, plain_table
from softsym.reporting.swept import shown
from softsym.runs import optuna_journal as journal
from softsym.sweeps.search.study import Study, complete

ROWS = 5
"""Maximum number of best and of failed trials to show."""


def show_status(study: Study, folder: Path, console: Console) -> None:
    """Prints counts, the best trials, those that run, and the last failures; changes nothing."""
    trials = study.trials
    console.print(Text(f"{study.name} in {folder}", style="bold"))
    if study.damage is not None:
        told = f"{study.damage}. What follows is the state before."
        console.print(Text(told, style="yellow"), soft_wrap=True)
    console.print(Text(_summary(study, trials)))
    best = [
        (t.number, number(t.value), " ".join(f"{k}={shown(v)}" for k, v in t.params.items()))
        for t in complete(trials)[:ROWS]
    ]
    running = [_running_row(t) for t in trials if t.state == TrialState.RUNNING]
    failed = [t for t in trials if t.state == TrialState.FAIL][-ROWS:]
    reasons = [(t.number, t.user_attrs.get(journal.REASON, "-")) for t in failed]
    title = f"Best by {study.optuna.user_attrs.get(journal.MONITOR, 'value')}"
    _print_table(console, title, ("Trial", "Value", "Parameters"), best)
    headings = ("Trial", "Job", "Since", "Restarts", "Last value")
    _print_table(console, "Running", headings, running)
    _print_table(console, "Failed last", ("Trial", "Reason"), reasons)


def _print_table(
    console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    table = plain_table(*headings)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    if table.row_count:
        console.print()
        console.print(Text(title, style="bold"))
        console.print(table)


def _summary(study: Study, trials: Sequence[FrozenTrial]) -> str:
    notes = study.optuna.user_attrs
    total, slots = (
        given if type(given := notes.get(key)) is int and given > 0 else usual
        for key, usual in ((journal.TOTAL, len(trials)), (journal.SLOTS, 1))
    )
    parts = [f"{ended(trials)} of {total} trials have ended"]
    if states := journal.counts(trials):
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


def _running_row(trial: FrozenTrial) -> tuple[object, ...]:
    began, last, notes = trial.datetime_start, trial.last_step, trial.user_attrs
    since = "-" if began is None else duration((datetime.now() - began).total_seconds())
    value = "-" if last is None else f"{number(trial.intermediate_values[last])} (epoch {last})"
    job = f"{notes.get(journal.EXECUTOR, '')} {notes.get(journal.JOB, '-')}".strip()
    return trial.number, job, since, notes.get(journal.RESTARTS, 0), value


def ended(trials: Sequence[FrozenTrial]) -> int:
    """Number of trials that have ended, in whatever way."""
    return sum(trial.state.is_finished() for trial in trials)


def seconds_left(trials: Sequence[FrozenTrial], total: int, slots: int) -> float | None:
    """Estimated seconds until the end, by the mean of the trials that ended; None without any."""
    took = [
        (trial.datetime_complete - trial.datetime_start).total_seconds()
        for trial in trials
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
        and trial.datetime_start is not None
        and trial.datetime_complete is not None
    ]
    if not took:
        return None
    mean, now = sum(took) / len(took), datetime.now()
    running = [trial.datetime_start for trial in trials if trial.state == TrialState.RUNNING]
    spent = sum(min(mean, (now - begun).total_seconds()) for begun in running if begun is not None)
    left = max(0, total - ended(trials))
    return max(0.0, left * mean - spent) / min(slots, max(left, 1))


def progress_line(trial: FrozenTrial, trials: Sequence[FrozenTrial], total: int, slots: int) -> str:
    """One line about a trial that has ended, and about the search."""
    best = next(iter(complete(trials)), None)
    parts = [f"trial {trial.number}: {_result(trial)}"]
    if best is not None:
        parts.append(f"best {number(best.value)} (trial {best.number})")
    parts.append(f"{ended(trials)}/{total} ended")
    parts += [
        f"{n} {word}" for word, n in journal.counts(trials).items() if word in ("pruned", "failed")
    ]
    left = seconds_left(trials, total, slots)
    if left and left >= 1:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)


def _result(trial: FrozenTrial) -> str:
    reason = trial.user_attrs.get(journal.REASON)
    if trial.state == TrialState.PRUNED:
        return f"{reason or 'pruned'} at {number(trial.value)}" if trial.value else str(reason)
    return number(trial.value) if trial.state == TrialState.COMPLETE else f"failed: {reason}"
