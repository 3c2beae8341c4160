"""What a search says of itself while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from optuna.trial import FrozenTrial, TrialState

from softsym.reporting.number_format import duration, number
from softsym.reporting.searches import counts
from softsym.runs.optuna_journal import REASON
from softsym.sweeps.study import value_of


def ended(trials: Sequence[FrozenTrial]) -> int:
    """How many have ended."""
    return sum(trial.state.is_finished() for trial in trials)


def seconds_left(trials: Sequence[FrozenTrial], total: int, slots: int) -> float | None:
    """About how long the rest takes; None as long as nothing can be said.

    Trials that have ended took so long on average, and ``slots`` of them run at once.
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
    starts = [t.datetime_start for t in trials if t.state == TrialState.RUNNING]
    running = [start for start in starts if start is not None]
    spent = sum(min(mean, (now - begun).total_seconds()) for begun in running)
    left = max(0, total - ended(trials))
    return max(0.0, left * mean - spent) / min(slots, max(left, 1))


def line(trial: FrozenTrial, trials: Sequence[FrozenTrial], total: int, slots: int) -> str:
    """One line about a trial that has ended, and where the search stands."""
    done = [t for t in trials if t.state == TrialState.COMPLETE]
    best = min(done, key=value_of, default=None)
    parts = [f"trial {trial.number}: {_found(trial)}"]
    if best is not None:
        parts.append(f"best {number(best.value)} (trial {best.number})")
    parts.append(f"{ended(trials)}/{total} ended")
    parts += [f"{n} {word}" for word, n in counts(trials).items() if word in ("pruned", "failed")]
    left = seconds_left(trials, total, slots)
    if left and left >= 1:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)


def _found(trial: FrozenTrial) -> str:
    reason = trial.user_attrs.get(REASON)
    if trial.state == TrialState.PRUNED:
        return f"{reason or 'pruned'} at {number(trial.value)}" if trial.value else str(reason)
    return number(trial.value) if trial.state == TrialState.COMPLETE else f"failed: {reason}"
