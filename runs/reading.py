"""Reads run folders, damaged ones too, for reports over many runs."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from softsym.runs.files import read_json
from softsym.runs.flatten import flatten
from softsym.runs.layout import (
    CONFIG,
    COST,
    FOLD,
    JOURNAL,
    METRICS,
    PRUNED,
    RECORD,
    STARTED,
    STRENGTHS,
    VERDICTS,
)
from softsym.runs.text import visible
from softsym.runs.untrusted import LARGEST_TABLE, UnreadableError, read_bytes, read_yaml

# Folders that hold no runs but may hold many files, or config files of others.
SKIPPED = {"checkpoints", "csv", "figures", "tensorboard", "wandb"}
# Overrides that tie a run to its folder, its search or its other seeds; a repetition has neither.
PLACES = (
    *("run_dir=", "ckpt_path=", "sweep=", "seeds=", "hydra."),
    *("+pruning@callbacks.pruning=", "callbacks.pruning."),
)
# Maximum number of points of a curve in pictures of many runs.
POINTS = 120
# Maximum number of symmetries of a run: a picture has a line for each.
NAMES = 200
# Numbers from here on count as infinite; their squares still fit into a float.
HUGE = 1e100
# How the command of a training begins; what else a record says is not ours to repeat.
PROGRAMS = (
    *(("softsym", "train"), ("python", "train.py"), ("python", "-m", "softsym.train")),
    *(("python", "-m", "softsym", "train"), ("python", "-m", "train")),
)
OWN_CONFIGS, MULTIRUN = ("--config-dir", "-cd"), ("-m", "--multirun")

Curve = tuple[np.ndarray, np.ndarray]
"""Epochs, and the values from each of them on; both (n,)."""


@dataclass(frozen=True)
class Run:
    """One run folder.

    Attributes:
        folder: The run folder.
        status: ``"finished"``, ``"interrupted"``, ``"pruned"``, or ``"unfinished"`` without a
            record of the end: the run is still going, or was killed.
        config: Dotted key -> value of the resolved config.
        choices: Config group -> option, such as ``{"network": "mlp"}``.
        overrides: Overrides from its command line or its sweep.
        metrics: Flat, such as ``{"test/mse": 0.1}``; also values that are not finite.
        curves: Name of a symmetry -> its strength over the epochs.
        verdicts: Content of ``verdicts.json``.
        record: Content of ``run.json``.
        seconds: Wall-clock time in seconds, None if unknown.
        problems: Files that could not be read, and why.
    """

    folder: Path
    status: str = "finished"
    config: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    verdicts: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    problems: tuple[str, ...] = ()

    @property
    def seed(self) -> Any:
        """The one seed of the run."""
        return self.config.get("seed")

    @property
    def monitor(self) -> str | None:
        """The metric that chose the best model."""
        monitor = self.record.get("monitor") or self.config.get("monitor")
        return None if monitor is None else str(monitor)

    @property
    def symmetries(self) -> tuple[str, ...]:
        """Names of the candidate symmetries."""
        finals = (key.removeprefix("strength/") for key in self.metrics if key[:9] == "strength/")
        return tuple(dict.fromkeys([*finals, *self.curves]))

    @property
    def command(self) -> str:
        """Command line that repeats the run in a folder of its own; empty if unknown."""
        words = _words(str(self.record.get("command", "")))
        if self.overrides:
            words = [*_program(words), *self.overrides]
        elif words:
            grid = [word for word in words if word in MULTIRUN][:1]
            words = [*_program(words), *grid, *(w for w in words if "=" in w or w[:1] == "~")]
        return shlex.join(word for word in words if not word.startswith(PLACES))

    def is_better_high(self, metric: str) -> bool:
        """Whether a metric is better when high, as the run's ``monitor_mode`` or its class says.

        Args:
            metric: Its key; ``test/accuracy`` goes by what is known of ``val/accuracy``.
        """
        name = metric.rpartition("/")[2]
        if name == (self.monitor or "").rpartition("/")[2]:
            return self.config.get("monitor_mode") == "max"
        named = self.record.get("higher_is_better")
        return isinstance(named, list) and name in named

    def value(self, key: str) -> Any:
        """The value of a config key, or the chosen option of a group; None if it is neither."""
        return self.config.get(key, self.choices.get(key))

    def final_strength(self, name: str) -> float | None:
        """The strength at the end of the run, or by now."""
        if name in self.curves:
            return self.metrics.get(f"strength/{name}", float(self.curves[name][1][-1]))
        return self.metrics.get(f"strength/{name}")


def find_runs(folders: Iterable[Path]) -> Iterator[Path]:
    """Run folders in and below some folders, each once, in the order of their names."""
    seen: set[Path] = set()
    for top in folders:
        for folder, below, files in os.walk(top):
            # names that begin with a dot are folders of tools; folds are parts of the run above
            kept = (n for n in below if n not in SKIPPED and not n.startswith("."))
            below[:] = sorted(n for n in kept if not (CONFIG in files and n.startswith(FOLD)))
            path = Path(folder)
            # a search has a config.yaml of its own, beside its journal
            if CONFIG in files and JOURNAL not in files and path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def read_run(folder: Path) -> Run | str:
    """Reads a run, or says why a folder with a config holds none.

    Without the content of damaged files, which the run's ``problems`` name.
    """
    try:
        config = read_yaml(folder / CONFIG)
    except (OSError, UnreadableError) as error:
        return f"{folder / CONFIG} cannot be read ({_reason(error)})"
    if not isinstance(config, dict) or "seed" not in config or "datamodule" not in config:
        return f"{folder / CONFIG} is not the config of a run"
    problems: list[str] = []
    record = _json(folder / RECORD, problems)
    choices, overrides = _started(folder / STARTED, problems)
    pruned = (folder / PRUNED).exists()
    metrics = _numbers(folder / METRICS, problems)
    return Run(
        folder=folder,
        status="pruned" if pruned else str(record.get("status", "unfinished")),
        config={key: _plain(value) for key, value in flatten(config).items()},
        choices=choices,
        overrides=overrides,
        metrics=metrics,
        curves=_curves(folder / STRENGTHS, problems),
        verdicts=_json(folder / VERDICTS, problems),
        record=record,
        seconds=_numbers(folder / COST, problems).get("run/seconds"),
        problems=tuple(problems),
    )


def _plain(value: Any) -> Any:
    """A config value that can be compared and shown: a list becomes its JSON text."""
    plain = isinstance(value, str | int | float | bool | None)
    return value if plain else json.dumps(value, default=str)


def _words(command: str) -> list[str]:
    """The words of a command line; none if its quotes do not match."""
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _program(words: Sequence[str]) -> list[str]:
    """The words before the first override, such as "softsym train"; for a grid too.

    A record may come from anybody, and people paste what a page tells them: a program that is no
    training becomes ours.
    """
    plain = [*takewhile(lambda word: "=" not in word and not word.startswith("~"), words)]
    known = next((list(p) for p in PROGRAMS if tuple(plain[: len(p)]) == p), None)
    if known is None:
        is_script = plain[:1] == ["python"] and Path(*plain[1:2]).name == "train.py"
        known = plain[:2] if is_script else ["python", "train.py"]
    place = next((i for i, word in enumerate(plain) if word in OWN_CONFIGS), len(plain))
    return [*known, *plain[place : place + 2]]


def _reason(error: Exception) -> str:
    """What is wrong, without the path, which the message names already."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return visible(reason or type(error).__name__)


def _json(path: Path, problems: list[str]) -> dict[str, Any]:
    """The JSON object in a file; empty if the file is missing or damaged."""
    try:
        return read_json(path) or {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read ({_reason(error)})")
        return {}


def _numbers(path: Path, problems: list[str]) -> dict[str, float]:
    """The numbers of the flat JSON object in a file."""
    content = _json(path, problems)
    return {key: _number(v) for key, v in content.items() if type(v) in (int, float)}


def _number(value: float | str) -> float:
    """A number; one that no training reaches counts as infinite, before pictures overflow."""
    number = float(value)
    return number if abs(number) < HUGE else number * math.inf


def _started(path: Path, problems: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Chosen options of config groups, and the overrides of the run."""
    started = _json(path, problems)
    try:
        choices = {str(key): str(value) for key, value in started.get("choices", {}).items()}
        return choices, tuple(str(word) for word in started.get("overrides", ()))
    except (TypeError, AttributeError):
        problems.append(f"{path} cannot be read")
        return {}, ()


def _curves(path: Path, problems: list[str]) -> dict[str, Curve]:
    """Strengths over the epochs, reduced to the points that a picture needs."""
    columns: dict[str, tuple[list[float], list[float]]] = {}
    try:
        # bytes that are no text spoil their own row alone
        text = read_bytes(path, LARGEST_TABLE).decode("utf-8", "replace")
        rows = csv.reader(io.StringIO(text, newline=""))
        header = next(rows, [])
        if not {"epoch", "name", "strength"} <= set(header):
            problems.append(f"{path} is empty or lacks the columns epoch, name, strength")
            return {}
        e, n, s = (header.index(column) for column in ("epoch", "name", "strength"))
        for row in rows:
            epoch, name, value = _number(int(row[e])), visible(row[n]), _number(row[s])
            epochs, values = columns.setdefault(name, ([], []))
            epochs.append(epoch)
            values.append(value)
            if len(columns) > NAMES:
                raise UnreadableError(f"it names more than {NAMES} symmetries")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, IndexError, OverflowError, csv.Error) as error:
        problems.append(f"{path} is damaged ({_reason(error)}); the rows before are shown")
    return {name: _sparse(*pair) for name, pair in columns.items() if pair[0]}


def thin(y: np.ndarray, points: int) -> np.ndarray:
    """Indices of a subset that looks the same: the extremes of every stretch, and the ends.

    Args:
        y: (n,) values in order.
        points: Approximate number of indices to keep.

    Returns:
        (m,) rising indices into ``y``, m at most ``points`` + 2.
    """
    if len(y) <= points:
        return np.arange(len(y))
    kept = [0, len(y) - 1]
    for stretch in np.array_split(np.arange(len(y)), points // 2):
        kept += [stretch[np.argmin(y[stretch])], stretch[np.argmax(y[stretch])]]
    return np.unique(kept)


def _sparse(epochs: list[float], values: list[float]) -> Curve:
    """The places where a curve changes, and its ends; most strengths rarely change."""
    x, y = np.array(epochs, dtype=float), np.array(values, dtype=float)
    kept = np.unique([0, *(np.flatnonzero(y[1:] != y[:-1]) + 1), len(y) - 1])
    kept = kept[thin(y[kept], POINTS)]
    return x[kept], y[kept]
