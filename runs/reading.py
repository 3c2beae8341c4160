"""Reads run folders, damaged ones too, for reports over many runs."""

from __future__ import annotations

import csv
import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from softsym.runs.files import read_json
from softsym.runs.flatten import flatten
from softsym.runs.layout import CONFIG, COST, JOURNAL, METRICS, PRUNED, RECORD, STARTED, STRENGTHS

# Folders that hold no runs but may hold many files, or config files of others.
SKIPPED = {"checkpoints", "csv", "figures", "tensorboard", "wandb"}
# Overrides that tie a run to its folder or its search, which a repetition must not write to.
PLACES = (
    *("run_dir=", "ckpt_path=", "sweep=", "hydra."),
    *("+pruning@callbacks.pruning=", "callbacks.pruning."),
)
# Maximum number of points of a curve in pictures of many runs.
POINTS = 120
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

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
        words = shlex.split(str(self.record.get("command", "")))
        if self.overrides:
            # the words before the first override, such as "softsym train"
            program = list(takewhile(lambda word: "=" not in word and word[0] != "~", words))
            while program and program[-1] in ("-m", "--multirun"):
                program.pop()
            words = [*(program or ("python", "train.py")), *self.overrides]
        return shlex.join(word for word in words if not word.startswith(PLACES))

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
            # names that begin with a dot are folders of tools
            below[:] = sorted(n for n in below if n not in SKIPPED and not n.startswith("."))
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
        config = yaml.load((folder / CONFIG).read_text(encoding="utf-8"), LOADER)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
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
        record=record,
        seconds=_numbers(folder / COST, problems).get("run/seconds"),
        problems=tuple(problems),
    )


def _plain(value: Any) -> Any:
    """A config value that can be compared and shown: a list becomes its JSON text."""
    plain = isinstance(value, str | int | float | bool | None)
    return value if plain else json.dumps(value, default=str)


def _reason(error: Exception) -> str:
    """The first line of an error; errors of yaml have several."""
    return (str(error).splitlines() or [type(error).__name__])[0]


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
    return {key: float(v) for key, v in content.items() if type(v) in (int, float)}


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
    columns: dict[str, tuple[list[int], list[float]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            if not {"epoch", "name", "strength"} <= set(header):
                problems.append(f"{path} is empty or lacks the columns epoch, name, strength")
                return {}
            e, n, s = (header.index(column) for column in ("epoch", "name", "strength"))
            for row in rows:
                epochs, values = columns.setdefault(row[n], ([], []))
                epoch, value = int(row[e]), float(row[s])
                epochs.append(epoch)
                values.append(value)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, IndexError, csv.Error) as error:
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


def _sparse(epochs: list[int], values: list[float]) -> Curve:
    """The places where a curve changes, and its ends; most strengths rarely change."""
    x, y = np.array(epochs, dtype=float), np.array(values, dtype=float)
    kept = np.unique([0, *(np.flatnonzero(np.diff(y)) + 1), len(y) - 1])
    kept = kept[thin(y[kept], POINTS)]
    return x[kept], y[kept]
