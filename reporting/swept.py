"""Which config keys tell runs apart."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from softsym.reporting.number_format import number
from softsym.runs.reading import Run

Values = tuple[Any, ...]
"""One value per run."""

# Parts of the config that say where a run writes and how fast it is: they change no result.
IMMATERIAL = {
    *("basis_cache", "callbacks", "checkpoint", "ckpt_path", "debug", "hydra", "logger", "name"),
    *("paths", "run_dir", "sweep", "threads", "track_dim"),
}
# The group whose options decide every other key.
RECIPE = "experiment"


@dataclass(frozen=True)
class SweptKey:
    """A key whose value differs between runs."""

    key: str  # dotted, such as "regularizers.xy.strength", or a config group
    label: str  # as much of its end as tells it from the other keys
    values: Values

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers, at least two of them different."""
        given = [v for v in self.values if v is not None]
        return len(set(given)) > 1 and all(type(v) in (int, float) for v in given)


def swept_keys(runs: Sequence[Run], by: Sequence[str] = ()) -> tuple[SweptKey, ...]:
    """Keys that tell the configurations of some runs apart; seeds do not count.

    Configs are resolved, so one override changes many keys. Of keys that change together, the one
    given on the command line represents the others, and a config group represents what its
    options set. Keys given as ``by`` are used instead; one that no run has raises a ValueError.
    """
    keys = [_checked(key, runs) for key in dict.fromkeys(by)] if by else _differing(runs)
    short = {key: ".".join(key.split(".")[-2:]) for key in keys}
    count = Counter(short.values())
    labels = {key: key if count[name] > 1 else name for key, name in short.items()}
    return tuple(SweptKey(k, labels[k], tuple(run.value(k) for run in runs)) for k in keys)


def seeds(run: Run) -> tuple[tuple[str, Hashable], ...]:
    """All seeds of a run: its own, and those that were set apart from it."""
    return tuple(sorted((k, v) for k, v in run.config.items() if k.endswith("seed")))


def shown(value: Any) -> str:
    """A value of a config as in a label, such as ``1e-4``, ``true``, ``null`` or ``mlp``."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return number(value) if isinstance(value, float) else str(value)


def _checked(key: str, runs: Sequence[Run]) -> str:
    known = {k for run in runs for k in (*run.config, *run.choices)}
    if key in known:
        return key
    close = difflib.get_close_matches(key, sorted(known), 3)
    raise ValueError(
        f"No run has the key {key!r}. "
        + (f"Did you mean {' or '.join(close)}? " if close else "")
        + f"Keys that differ between the runs: {', '.join(_differing(runs)) or 'none'}."
    )


def _differing(runs: Sequence[Run]) -> list[str]:
    """The keys that differ and matter; those given on command lines first, in their order."""
    words = (word for run in runs for word in run.overrides if "=" in word)
    names = dict.fromkeys(word.split("=", 1)[0].lstrip("+") for word in words)
    given = {key: place for place, key in enumerate(names)}
    columns = {key: tuple(run.config.get(key) for run in runs) for key in _material(runs, given)}
    columns = {key: values for key, values in columns.items() if len(set(values)) > 1}
    kept: dict[str, Values] = {}
    for group, options in _groups(runs, given).items():
        scope = "" if group == RECIPE else f"{group}."
        inside = [
            key
            for key in columns
            if key not in given
            and key.removeprefix("module.").startswith(scope)
            and _follows(columns[key], options)
        ]
        # a recipe chooses the options of other groups too: those then say nothing new
        if inside and not any(_follows(options, values) for values in kept.values()):
            kept[group] = options
        for key in inside:
            del columns[key]
    return _representatives(kept, columns, given)


def _representatives(
    groups: dict[str, Values], columns: dict[str, Values], given: dict[str, int]
) -> list[str]:
    """One key for each set of keys that change together, and every key that was given."""
    chosen = list(groups)
    patterns = {_pattern(values) for values in groups.values()}
    shown_values: set[Values] = set()
    for key in sorted(columns, key=lambda k: (given.get(k, len(given)), k.count("."), k)):
        values = columns[key]
        # With command lines at hand, a key that follows from a given one is redundant; without
        # them only equal values are, as different ones may each have been set.
        redundant = _pattern(values) in patterns if given else values in shown_values
        if key in given or not redundant:
            chosen.append(key)
            patterns.add(_pattern(values))
            shown_values.add(values)
    return chosen


def _material(runs: Sequence[Run], given: dict[str, int]) -> list[str]:
    """Config keys that may change a result: no seeds, no paths, nothing of a search's pruning."""
    keys = dict.fromkeys(key for run in runs for key in run.config)
    return [
        key
        for key in keys
        if not key.endswith("seed")
        and (key.split(".")[0] not in IMMATERIAL or (key in given and key.startswith("callbacks.")))
        and not key.startswith("callbacks.pruning.")
        and not any(_is_own_path(run, key) for run in runs)
    ]


def _is_own_path(run: Run, key: str) -> bool:
    """Whether a value is a place in the run's own folder."""
    homes, value = (run.config.get(k) for k in ("run_dir", "paths.output")), run.config.get(key)
    return isinstance(value, str) and any(home and str(home) in value for home in homes)


def _groups(runs: Sequence[Run], given: dict[str, int]) -> dict[str, Values]:
    """Config groups whose options differ, the recipe first."""
    names = {name for run in runs for name in run.choices} - IMMATERIAL
    ordered = sorted(names, key=lambda n: (n != RECIPE, given.get(n, len(given)), n))
    columns = {name: tuple(run.choices.get(name) for run in runs) for name in ordered}
    return {name: values for name, values in columns.items() if len(set(values)) > 1}


def _pattern(values: Values) -> tuple[int, ...]:
    """Which runs share a value, whatever the value is."""
    first: dict[Any, int] = {}
    return tuple(first.setdefault(value, len(first)) for value in values)


def _follows(values: Values, options: Values) -> bool:
    """Whether the options determine the values."""
    return len(set(zip(options, values, strict=True))) == len(set(options))
