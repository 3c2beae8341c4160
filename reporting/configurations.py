"""Runs of one configuration together: means and spreads over seeds, and which is the best."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from softsym.reporting.number_format import known, number
from softsym.reporting.swept import SweptKey, seeds, shown, swept_keys
from softsym.runs.reading import Run


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of a metric.

    Attributes:
        mean: None without values.
        deviation: None for fewer than two values.
        count: Number of values that are finite.
        missing: Number of runs without such a value.
    """

    mean: float | None
    deviation: float | None
    count: int
    missing: int = 0

    def __str__(self) -> str:
        """The mean and two digits of the deviation, both to the same decimal place."""
        if self.mean is None:
            return "-"
        text, deviation = number(self.mean), self.deviation
        if deviation is not None:
            if 1e-4 < deviation < 1e5 and abs(self.mean) < 1e5:
                places = max(0, 1 - math.floor(math.log10(deviation)))
                text = f"{self.mean:.{places}f} ± {deviation:.{places}f}"
            else:
                text = f"{text} ± {number(deviation)}"
        return f"{text} ({self.count} of {self.count + self.missing})" if self.missing else text


@dataclass(frozen=True)
class Configuration:
    """Runs that differ only in their seeds, or that the user grouped.

    Attributes:
        rank: 1 for the best; no two share one.
        values: Values of the swept keys.
        label: The same in words.
        runs: All its runs.
        counted: Runs that means are taken over: finished, and the newest one of each seed.
        score: The metric that decides.
    """

    rank: int
    values: tuple[Any, ...]
    label: str
    runs: tuple[Run, ...]
    counted: tuple[Run, ...]
    score: Spread

    @property
    def seeds(self) -> int:
        """Number of different seeds that count."""
        return len({seeds(run) for run in self.counted})


@dataclass(frozen=True)
class Sweep:
    """All runs of a report, grouped and ranked.

    Attributes:
        runs: In the order of their folders.
        keys: Config keys that tell configurations apart.
        configurations: The best first.
        metric: The metric that ranks them, the lower the better; empty where no run names one.
        repeats: Number of finished runs that a newer run of the same seed replaces.
        warnings: What could not be read or is inconsistent.
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
        scored = [run for run in self.counted if known(run.metrics.get(self.metric))]
        return min(scored, key=lambda run: run.metrics[self.metric], default=None)

    @property
    def symmetries(self) -> list[str]:
        """Names of all candidate symmetries."""
        return list(dict.fromkeys(name for run in self.runs for name in run.symmetries))

    @property
    def status(self) -> Counter[str]:
        """Number of runs by how they ended."""
        return Counter(run.status for run in self.runs)


def gather(
    runs: Sequence[Run], metric: str = "", by: Sequence[str] = (), warnings: Iterable[str] = ()
) -> Sweep:
    """Groups runs by configuration and ranks them.

    Args:
        runs: At least one run.
        metric: The metric that decides, the lower the better; the one the runs monitored if empty.
        by: Keys that tell configurations apart; those that differ if empty.
        warnings: Warnings to show before those that arise here.

    Raises:
        ValueError: If no run has the metric or one of the keys.
    """
    notes = [*warnings, *(problem for run in runs for problem in run.problems)]
    metric = metric or _monitored(runs, notes)
    metrics = dict.fromkeys(key for run in runs for key in run.metrics)
    if metrics and metric and metric not in metrics:
        raise ValueError(f"No run has the metric {metric!r}. They have: {', '.join(metrics)}.")
    keys = swept_keys(runs, by)
    counted, repeats = _newest_of_each_seed(runs, swept_keys(runs) if by else keys)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place in range(len(runs)):
        groups.setdefault(tuple(key.values[place] for key in keys), []).append(place)
    scored = []
    for values, places in groups.items():
        chosen = tuple(runs[i] for i in places if i in counted)
        score = spread(chosen, metric)
        scored.append((score, values, tuple(runs[i] for i in places), chosen))
    scored.sort(key=lambda group: math.inf if group[0].mean is None else group[0].mean)
    configurations = tuple(
        Configuration(rank, values, _label(keys, values), members, chosen, score)
        for rank, (score, values, members, chosen) in enumerate(scored, start=1)
    )
    return Sweep(tuple(runs), keys, configurations, metric, repeats, tuple(notes))


def spread(runs: Sequence[Run], metric: str) -> Spread:
    """The spread of a metric over some runs."""
    values = [v for run in runs if known(v := run.metrics.get(metric))]
    return Spread(
        mean=statistics.fmean(values) if values else None,
        deviation=statistics.stdev(values) if len(values) > 1 else None,
        count=len(values),
        missing=len(runs) - len(values),
    )


def _label(keys: Sequence[SweptKey], values: Sequence[Any]) -> str:
    named = [f"{key.label}={shown(value)}" for key, value in zip(keys, values, strict=True)]
    return ", ".join(named) or "the one configuration"


def _monitored(runs: Sequence[Run], notes: list[str]) -> str:
    """The metric that most runs monitored."""
    monitored = Counter(run.monitor for run in runs if run.monitor)
    if len(monitored) > 1:
        notes.append(
            f"The runs monitored different metrics ({', '.join(sorted(monitored))}); the most "
            "common one decides. Choose another with --metric."
        )
    return monitored.most_common(1)[0][0] if monitored else ""


def _newest_of_each_seed(runs: Sequence[Run], keys: Sequence[SweptKey]) -> tuple[set[int], int]:
    """Places of the newest finished run per configuration and seed; number of older ones."""
    newest: dict[tuple[Any, ...], int] = {}
    finished = [place for place, run in enumerate(runs) if run.status == "finished"]
    for place in sorted(finished, key=lambda i: (str(runs[i].record.get("ended", "")), i)):
        newest[*(key.values[place] for key in keys), seeds(runs[place])] = place
    return set(newest.values()), len(finished) - len(newest)
