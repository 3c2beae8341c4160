"""How far a search is, for its log and its status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from optuna.trial import FrozenTrial, TrialState

from softsym.reporting.number_format import duration, number
from softsym.runs.optuna_journal import REASON, counts
from softsym.sweeps.search.study import complete


def ended(trials: Sequence[FrozenTrial]) -> int:
    """Number of trials that have ended."""
    return sum(trial.state.is_finished() for trial in trials)


def seconds_left(trials: Sequence[FrozenTrial], total: int, slots: int) -> float | None:
    """Estimated seconds until the end; None as long as no trial has ended.

    Assumes that the remaining trials take as long as the mean of those that ended, ``slots`` of
    them at once.
    """
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
    parts += [f"{n} {word}" for word, n in counts(trials).items() if word in ("pruned", "failed")]
    left = seconds_left(trials, total, slots)
    if left and left >= 1:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)


def _result(trial: FrozenTrial) -> str:
    reason = trial.user_attrs.get(REASON)
    if trial.state == TrialState.PRUNED:
        return f"{reason or 'pruned'} at {number(trial.value)}" if trial.value else str(reason)
    return number(trial.value) if trial.state == TrialState.COMPLETE else f"failed: {reason}"
