"""Which keys of their configs tell runs apart."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from softsym.reporting.words import number
from softsym.runs.reading import Run

# What a run writes, where, and how fast decides nothing that it finds.
IMMATERIAL = {
    *("basis_cache", "callbacks", "checkpoint", "ckpt_path", "debug", "hydra", "logger", "name"),
    *("paths", "run_dir", "threads", "track_dim"),
}
# The group whose options decide every other key.
RECIPE = "experiment"


@dataclass(frozen=True)
class SweptKey:
    """A key whose value differs between runs.

    Attributes:
        key: dotted, such as ``"regularizers.xy.strength"``, or a config group.
        label: as much of its end as tells it from the others.
        values: one per run.
    """

    key: str
    label: str
    values: tuple[Any, ...]

    @property
    def numeric(self) -> bool:
        """Whether at least two different numbers are among its values, and nothing else."""
        given = [v for v in self.values if v is not None]
        return len(set(given)) > 1 and all(type(v) in (int, float) for v in given)


def swept_keys(runs: Sequence[Run], by: Sequence[str] = ()) -> tuple[SweptKey, ...]:
    """Keys that tell the configurations of some runs apart, apart from their seeds.

    Configs are resolved, so one override changes many keys. Of those that change together, the
    one given on the command line stands for the others, and a config group for what its options
    hold.

    Args:
        runs: any number.
        by: these keys instead.

    Raises:
        ValueError: a key of ``by`` that no run has.
    """
    keys = [_checked(key, runs) for key in dict.fromkeys(by)] if by else _differing(runs)
    labels = short_names(keys)
    return tuple(SweptKey(k, labels[k], tuple(run.value(k) for run in runs)) for k in keys)


def seeds(run: Run) -> tuple[tuple[str, Hashable], ...]:
    """Everything random about a run: its seed, and those that were set apart from it."""
    return tuple(sorted((k, v) for k, v in run.config.items() if k.endswith("seed")))


def shown(value: Any) -> str:
    """A value of a config as in a label.

    Example:
        >>> shown(0.0001), shown(True), shown(None), shown("mlp"), shown(2000)
        ('1e-4', 'true', 'null', 'mlp', '2000')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, float) else str(value)


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Key -> its last two parts, or as many as tell it from the others.

    Example:
        >>> short_names(["regularizers.xy.strength", "regularizers.yz.strength", "dim"])
        {'regularizers.xy.strength': 'xy.strength', 'regularizers.yz.strength': 'yz.strength', 'dim': 'dim'}
    """  # noqa: E501
    names = {key: ".".join(key.split(".")[-2:]) for key in keys}
    count = Counter(names.values())
    return {key: key if count[name] > 1 else name for key, name in names.items()}


def _checked(key: str, runs: Sequence[Run]) -> str:
    if any(key in run.config or key in run.choices for run in runs):
        return key
    differing = _differing(runs)
    known = {k for run in runs for k in (*run.config, *run.choices)}
    close = difflib.get_close_matches(key, sorted(known), 3)
    raise ValueError(
        f"No run has the key {key!r}. "
        + (f"Did you mean {' or '.join(close)}? " if close else "")
        + f"Keys that differ between the runs: {', '.join(differing) or 'none'}."
    )


def _differing(runs: Sequence[Run]) -> list[str]:
    """The keys, those given on command lines first and in their order."""
    given = _given(runs)
    columns = {key: tuple(run.config.get(key) for run in runs) for key in _material(runs, given)}
    columns = {key: values for key, values in columns.items() if _varies(values)}
    groups = _groups(runs, given)
    kept: dict[str, tuple[Any, ...]] = {}
    for group, options in groups.items():
        scope = "" if group == RECIPE else f"{group}."
        inside = [
            key
            for key in columns
            if key not in given
            and key.removeprefix("module.").startswith(scope)
            and _follows(columns[key], options)
        ]
        # A recipe decides the other groups as well.
        if inside and not any(_follows(options, values) for values in kept.values()):
            kept[group] = options
        for key in inside:
            del columns[key]
    return _representatives(kept, columns, given)


def _representatives(
    groups: dict[str, tuple[Any, ...]], columns: dict[str, tuple[Any, ...]], given: dict[str, int]
) -> list[str]:
    """Of keys that change together one, unless several were given."""
    chosen = list(groups)
    by_values = {_pattern(values): key for key, values in groups.items()}
    for key in sorted(columns, key=lambda k: (given.get(k, len(given)), k.count("."), k)):
        values = columns[key]
        # Nobody gave it: it follows from what was given, or shows a value that is shown already.
        follows = _pattern(values) in by_values if given else values in columns_of(chosen, columns)
        if key in given or not follows:
            chosen.append(key)
            by_values.setdefault(_pattern(values), key)
    return chosen


def columns_of(keys: Iterable[str], columns: dict[str, tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """The values of some keys."""
    return {columns[key] for key in keys if key in columns}


def _given(runs: Sequence[Run]) -> dict[str, int]:
    """Keys of overrides -> their place."""
    words = dict.fromkeys(word for run in runs for word in run.overrides if "=" in word)
    keys = dict.fromkeys(word.split("=", 1)[0].lstrip("+") for word in words)
    return {key: place for place, key in enumerate(keys)}


def _material(runs: Sequence[Run], given: dict[str, int]) -> list[str]:
    """Keys of the configs that may decide what a run finds, and no seeds or paths."""
    keys = dict.fromkeys(key for run in runs for key in run.config)
    return [
        key
        for key in keys
        if not key.endswith("seed")
        and (key.split(".")[0] not in IMMATERIAL or (key in given and key[:10] == "callbacks."))
        and not any(_own_path(run, key) for run in runs)
    ]


def _own_path(run: Run, key: str) -> bool:
    """Whether a value is a place in the run's own folder."""
    home, value = run.config.get("run_dir"), run.config.get(key)
    output = run.config.get("paths.output")
    return isinstance(value, str) and any(p and str(p) in value for p in (home, output))


def _groups(runs: Sequence[Run], given: dict[str, int]) -> dict[str, tuple[Any, ...]]:
    """Config groups with different options, the recipe first."""
    names = {name for run in runs for name in run.choices} - IMMATERIAL
    ordered = sorted(names, key=lambda n: (n != RECIPE, given.get(n, len(given)), n))
    columns = {name: tuple(run.choices.get(name) for run in runs) for name in ordered}
    return {name: values for name, values in columns.items() if _varies(values)}


def _varies(values: Sequence[Any]) -> bool:
    return len(set(values)) > 1


def _pattern(values: Sequence[Any]) -> tuple[int, ...]:
    """Which runs share a value, whatever it is."""
    seen: dict[Any, int] = {}
    return tuple(seen.setdefault(value, len(seen)) for value in values)


def _follows(values: Sequence[Any], options: Sequence[Any]) -> bool:
    """Whether the options decide the values."""
    return len(set(zip(options, values, strict=True))) == len(set(options))
