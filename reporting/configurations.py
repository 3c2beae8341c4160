"""Runs of one configuration together: means and spreads over seeds, and which is the best."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from softsym.reporting.number_format import known, number
from softsym.reporting.swept import SweptKey, seeds, shown, swept_keys
from softsym.runs.reading import Run


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation of a metric."""

    mean: float | None  # None without values
    deviation: float | None  # None for fewer than two values
    count: int  # number of values that are finite
    missing: int = 0  # number of runs without such a value

    def __str__(self) -> str:
        """The mean and two digits of the deviation, both to the same decimal place."""
        if self.mean is None:
            return "-"
        text, deviation = number(self.mean), self.deviation
        if deviation is not None and 1e-4 < deviation < 1e5 and abs(self.mean) < 1e5:
            places = max(0, 1 - math.floor(math.log10(deviation)))
            text = f"{self.mean:.{places}f} ± {deviation:.{places}f}"
        elif deviation is not None:
            text = f"{text} ± {number(deviation)}"
        return f"{text} ({self.count} of {self.count + self.missing})" if self.missing else text


@dataclass(frozen=True)
class Configuration:
    """Runs that differ only in their seeds, or that the user grouped."""

    rank: int  # 1 for the best; no two share one
    values: tuple[Any, ...]  # of the swept keys
    label: str  # the same in words
    runs: tuple[Run, ...]
    counted: tuple[Run, ...]  # those that means are taken over: finished, the newest of each seed
    score: Spread  # of the metric that decides

    @property
    def seeds(self) -> int:
        """Number of different seeds that count."""
        return len({seeds(run) for run in self.counted})


@dataclass(frozen=True)
class Sweep:
    """All runs of a report, grouped and ranked."""

    runs: tuple[Run, ...]  # in the order of their folders
    keys: tuple[SweptKey, ...]  # what tells configurations apart
    configurations: tuple[Configuration, ...]  # the best first
    metric: str  # ranks them; empty where no run names one
    highest: bool = False  # whether a higher value of it is better
    repeats: int = 0  # number of finished runs that a newer run of the same seed replaces
    warnings: tuple[str, ...] = ()  # what could not be read or is inconsistent

    @property
    def counted(self) -> list[Run]:
        """The runs that means are taken over."""
        return [run for configuration in self.configurations for run in configuration.counted]

    @property
    def best(self) -> Run | None:
        """The counted run with the best metric; None if none has it."""
        scored = [run for run in self.counted if known(run.metrics.get(self.metric))]
        choose = max if self.highest else min
        return choose(scored, key=lambda run: run.metrics[self.metric], default=None)

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

    Without a metric the one the runs monitored decides, without ``by`` all keys that differ tell
    configurations apart. A metric or key that no run has raises a ValueError. Accuracies and other
    metrics that are better when high rank from the highest (:meth:`Run.is_better_high`).
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
    unranked = []
    for values, places in groups.items():
        chosen = tuple(runs[i] for i in places if i in counted)
        members = tuple(runs[i] for i in places)
        words = [f"{key.label}={shown(value)}" for key, value in zip(keys, values, strict=True)]
        label = ", ".join(words) or "the one configuration"
        unranked.append(Configuration(0, values, label, members, chosen, spread(chosen, metric)))
    highest = any(run.is_better_high(metric) for run in runs)
    unranked.sort(key=lambda each: _place(each.score.mean, highest))
    ranked = tuple(replace(each, rank=rank) for rank, each in enumerate(unranked, start=1))
    return Sweep(tuple(runs), keys, ranked, metric, highest, repeats, tuple(notes))


def spread(runs: Sequence[Run], metric: str) -> Spread:
    """The spread of a metric over some runs."""
    values = [v for run in runs if known(v := run.metrics.get(metric))]
    return Spread(
        mean=statistics.fmean(values) if values else None,
        deviation=statistics.stdev(values) if len(values) > 1 else None,
        count=len(values),
        missing=len(runs) - len(values),
    )


def _place(mean: float | None, highest: bool) -> float:
    """What ranks a configuration, the lower the better; one without a value comes last."""
    if mean is None:
        return math.inf
    return -mean if highest else mean


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
