"""Runs of one configuration together: means and spreads over seeds, and which is the best."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from softsym.reporting.swept import SweptKey, seeds, shown, swept_keys
from softsym.reporting.words import number
from softsym.runs.reading import Run


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of a metric.

    Attributes:
        mean: None without values.
        deviation: None where one value has no spread.
        count: values that are finite numbers.
        missing: runs that have none.
    """

    mean: float | None
    deviation: float | None
    count: int
    missing: int = 0

    def __str__(self) -> str:
        """Mean and spread as in a table."""
        if self.mean is None:
            return "-"
        left_out = f" ({self.count} of {self.count + self.missing})" if self.missing else ""
        return f"{self._value(self.mean, self.deviation)}{left_out}"

    @staticmethod
    def _value(mean: float, deviation: float | None) -> str:
        """Two digits of the spread, and the mean to the same place."""
        if deviation is None:
            return number(mean)
        if not 1e-4 < deviation < 1e5 or abs(mean) >= 1e5:
            return f"{number(mean)} ± {number(deviation)}"
        places = max(0, 1 - math.floor(math.log10(deviation)))
        return f"{mean:.{places}f} ± {deviation:.{places}f}"


@dataclass(frozen=True)
class Configuration:
    """Runs that differ in their seeds alone, or that were to be taken together.

    Attributes:
        rank: 1 for the best; all have different ones.
        values: of the swept keys.
        label: the same in words.
        runs: all of them.
        counted: those that means are taken over: finished, each seed once, the newest of it.
        score: the metric that decides.
    """

    rank: int
    values: tuple[Any, ...]
    label: str
    runs: tuple[Run, ...]
    counted: tuple[Run, ...]
    score: Spread

    @property
    def seeds(self) -> int:
        """How many different seeds were counted."""
        return len({seeds(run) for run in self.counted})


@dataclass(frozen=True)
class Sweep:
    """All runs and what they come to.

    Attributes:
        runs: in the order of their folders.
        keys: what tells configurations apart.
        configurations: the best first.
        metric: by which (the lower the better); empty where no run says.
        repeats: finished runs that a newer one of the same configuration and seed stands for.
        warnings: what could not be read, or does not go together.
    """

    runs: tuple[Run, ...]
    keys: tuple[SweptKey, ...]
    configurations: tuple[Configuration, ...]
    metric: str
    repeats: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def counted(self) -> list[Run]:
        """The runs that means are taken over."""
        return [run for configuration in self.configurations for run in configuration.counted]

    @property
    def best(self) -> Run | None:
        """The counted run with the lowest metric; None if none has it."""
        scored = [(finite(r.metrics.get(self.metric)), i) for i, r in enumerate(self.counted)]
        found = [(value, i) for value, i in scored if value is not None]
        return self.counted[min(found)[1]] if found else None

    @property
    def symmetries(self) -> list[str]:
        """Names of all candidate symmetries."""
        return list(dict.fromkeys(name for run in self.runs for name in run.symmetries))

    @property
    def status(self) -> Counter[str]:
        """How many runs ended how."""
        return Counter(run.status for run in self.runs)


def gather(
    runs: Sequence[Run], metric: str = "", by: Sequence[str] = (), warnings: Iterable[str] = ()
) -> Sweep:
    """Groups runs by configuration and ranks them.

    Args:
        runs: at least one.
        metric: that decides, the lower the better; that which the runs monitored if empty.
        by: keys that tell configurations apart; those that differ if empty.
        warnings: to show beside those that arise here.

    Raises:
        ValueError: a metric or a key that no run has.
    """
    notes = [*warnings, *(problem for run in runs for problem in run.problems)]
    metric = metric or _monitored(runs, notes)
    known = dict.fromkeys(key for run in runs for key in run.metrics)
    if known and metric and metric not in known:
        raise ValueError(f"No run has the metric {metric!r}. They have: {', '.join(known)}.")
    keys = swept_keys(runs, by)
    counted, repeats = _counted(runs, swept_keys(runs) if by else keys)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place in range(len(runs)):
        groups.setdefault(tuple(key.values[place] for key in keys), []).append(place)
    scores = {
        values: spread([runs[i] for i in places if i in counted], metric)
        for values, places in groups.items()
    }
    order = sorted(groups, key=lambda values: _or_last(scores[values].mean))
    return Sweep(
        runs=tuple(runs),
        keys=keys,
        configurations=tuple(
            Configuration(
                rank=rank,
                values=values,
                label=_label(keys, values),
                runs=tuple(runs[i] for i in groups[values]),
                counted=tuple(runs[i] for i in groups[values] if i in counted),
                score=scores[values],
            )
            for rank, values in enumerate(order, start=1)
        ),
        metric=metric,
        repeats=repeats,
        warnings=tuple(notes),
    )


def spread(runs: Sequence[Run], metric: str) -> Spread:
    """Of a metric over some runs."""
    values = [v for v in (finite(run.metrics.get(metric)) for run in runs) if v is not None]
    return Spread(
        mean=statistics.fmean(values) if values else None,
        deviation=statistics.stdev(values) if len(values) > 1 else None,
        count=len(values),
        missing=len(runs) - len(values),
    )


def finite(value: float | None) -> float | None:
    """The value, None if it is no finite number."""
    return value if value is not None and math.isfinite(value) else None


def _or_last(mean: float | None) -> float:
    return math.inf if mean is None else mean


def _label(keys: Sequence[SweptKey], values: Sequence[Any]) -> str:
    named = [f"{key.label}={shown(value)}" for key, value in zip(keys, values, strict=True)]
    return ", ".join(named) or "the one configuration"


def _monitored(runs: Sequence[Run], notes: list[str]) -> str:
    """The metric that most runs monitored."""
    found = Counter(run.monitor for run in runs if run.monitor)
    if len(found) > 1:
        notes.append(
            f"The runs monitored different metrics ({', '.join(sorted(found))}); the commonest "
            "decides. --metric says another."
        )
    return found.most_common(1)[0][0] if found else ""


def _counted(runs: Sequence[Run], keys: Sequence[SweptKey]) -> tuple[set[int], int]:
    """Places of the finished runs, of each configuration and seed the newest; how many are not."""
    newest: dict[tuple[Any, ...], int] = {}
    finished = [place for place, run in enumerate(runs) if run.status == "finished"]
    for place in sorted(finished, key=lambda i: (str(runs[i].record.get("ended", "")), i)):
        newest[*(key.values[place] for key in keys), seeds(runs[place])] = place
    return set(newest.values()), len(finished) - len(newest)
