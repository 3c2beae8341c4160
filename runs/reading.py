"""Reads run folders, damaged ones too, for reports over many runs."""

from __future__ import annotations

import csv
import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
# Points of a curve that pictures of many runs show.
POINTS = 120
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Curve = tuple[np.ndarray, np.ndarray]
"""Epochs and the values from each of them on, (n,) both."""


@dataclass(frozen=True)
class Run:
    """One run folder.

    Attributes:
        folder: where it is.
        status: ``"finished"``, ``"interrupted"``, ``"pruned"``, or ``"unfinished"`` where no
            record tells how it ended: it runs still, or was killed.
        config: leaves of the resolved config by their dotted keys.
        choices: config group -> option, such as ``{"network": "mlp"}``.
        overrides: what was given on its command line, or by a sweep.
        metrics: flat, such as ``{"test/mse": 0.1}``; values that are no finite numbers as well.
        curves: name of a symmetry -> its strength over the epochs.
        record: what ``run.json`` says.
        seconds: wall-clock time, None where it is not known.
        problems: files that could not be read, and why.
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
        """Metric that decided which of its models was the best."""
        found = self.record.get("monitor") or self.config.get("monitor")
        return None if found is None else str(found)

    @property
    def symmetries(self) -> tuple[str, ...]:
        """Names of the candidate symmetries."""
        finals = (key.removeprefix("strength/") for key in self.metrics if key[:9] == "strength/")
        return tuple(dict.fromkeys([*finals, *self.curves]))

    @property
    def command(self) -> str:
        """Command line that runs it again, in a folder of its own; empty if none is known."""
        words = shlex.split(str(self.record.get("command", "")))
        if self.overrides:
            words = ["python", "train.py", *self.overrides]
        return shlex.join(word for word in words if not word.startswith(PLACES))

    def value(self, key: str) -> Any:
        """What the config says of a key, or which option of a group was chosen; None if neither."""
        return self.config.get(key, self.choices.get(key))

    def final_strength(self, name: str) -> float | None:
        """Strength that the run ended with, or has by now."""
        if name in self.curves:
            return self.metrics.get(f"strength/{name}", float(self.curves[name][1][-1]))
        return self.metrics.get(f"strength/{name}")


def find_runs(folders: Iterable[Path]) -> Iterator[Path]:
    """Run folders at and below some folders, each once, in the order of their names."""
    seen: set[Path] = set()
    for top in folders:
        for folder, below, files in os.walk(top):
            # folders that begin with a dot are those of tools
            below[:] = sorted(n for n in below if n not in SKIPPED and not n.startswith("."))
            path = Path(folder)
            # a search has a config.yaml of its own, beside its journal
            if CONFIG in files and JOURNAL not in files and path.resolve() not in seen:
                seen.add(path.resolve())
                yield path


def read_run(folder: Path) -> Run | str:
    """A run, or why there is none in a folder that has a config.

    A damaged file other than the config costs what it would have told, and is named.
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
    """A value of a config that can be compared and shown: lists become their JSON text."""
    plain = isinstance(value, str | int | float | bool | None)
    return value if plain else json.dumps(value, default=str)


def _reason(error: Exception) -> str:
    """The first line of an error, which for yaml has several."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _json(path: Path, problems: list[str]) -> dict[str, Any]:
    """An object from a file, empty if there is no file or it is damaged."""
    try:
        return read_json(path) or {}
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read ({_reason(error)})")
        return {}


def _numbers(path: Path, problems: list[str]) -> dict[str, float]:
    """The numbers of a flat object."""
    found = _json(path, problems)
    return {key: float(v) for key, v in found.items() if type(v) in (int, float)}


def _started(path: Path, problems: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Chosen options of config groups, and the overrides of this run."""
    found = _json(path, problems)
    try:
        choices = {str(key): str(value) for key, value in found.get("choices", {}).items()}
        return choices, tuple(str(word) for word in found.get("overrides", ()))
    except (TypeError, AttributeError):
        problems.append(f"{path} cannot be read")
        return {}, ()


def _curves(path: Path, problems: list[str]) -> dict[str, Curve]:
    """Strengths over the epochs, with the points only that a picture needs."""
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
        problems.append(f"{path} is damaged ({_reason(error)}); what stands before it is shown")
    return {name: _sparse(*pair) for name, pair in columns.items() if pair[0]}


def thin(y: np.ndarray, points: int) -> np.ndarray:
    """Indices of a subset that looks the same: both extremes of every stretch, and the ends.

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
    """Where a curve changes, and its ends: most strengths stand still most of the time."""
    x, y = np.array(epochs, dtype=float), np.array(values, dtype=float)
    kept = np.unique([0, *(np.flatnonzero(np.diff(y)) + 1), len(y) - 1])
    kept = kept[thin(y[kept], POINTS)]
    return x[kept], y[kept]
