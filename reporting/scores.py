"""Metrics of the model beside those of the baselines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from softsym.reporting.predictions import Predictions
from softsym.reporting.summary import RunSummary

MODEL = "model"


@dataclass(frozen=True)
class Scores:
    """A table: ``rows`` of (metric, one value or None per column)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


def split_key(key: str, baselines: tuple[str, ...] = ()) -> tuple[str, str]:
    """Splits a flat key into metric and column.

    The part after a part ``baseline`` is a column; known baselines are recognised anywhere.

    Example:
        >>> split_key("test/mse"), split_key("test/baseline/constant_velocity/mse")
        (('test/mse', 'model'), ('test/mse', 'constant_velocity'))
        >>> split_key("test/ade_mean", ("mean",)), split_key("test/mean/ade", ("mean",))
        (('test/ade', 'mean'), ('test/ade', 'mean'))
    """
    parts = key.split("/")
    for word in ("baseline", "baselines"):
        if word in parts[:-2]:
            at = parts.index(word)
            return "/".join(parts[:at] + parts[at + 2 :]), parts[at + 1]
    for name in baselines:
        if name in parts and len(parts) > 1:
            parts.remove(name)
            return "/".join(parts), name
        last = parts[-1].removesuffix(f"_{name}").removeprefix(f"{name}_")
        if last != parts[-1]:
            return "/".join([*parts[:-1], last]), name
    return key, MODEL


def scores(summary: RunSummary, prefix: str | tuple[str, ...] = "") -> Scores:
    """Metrics whose key starts with ``prefix``, test metrics first, model before baselines.

    Without metrics of baselines, model and baselines are scored on the predictions at hand.
    """
    names = _baselines(summary)
    table: dict[str, dict[str, float]] = {}
    for key in sorted(summary.metrics, key=lambda key: (not key.startswith("test"), key)):
        if key.startswith(prefix):
            metric, column = split_key(key, names)
            table.setdefault(metric, {})[column] = summary.metrics[key]
    compared = any(set(row) - {MODEL} for row in table.values())
    if summary.predictions is not None and not compared:
        table |= _from_predictions(summary.predictions)
    others = {column for row in table.values() for column in row} - {MODEL}
    columns = (MODEL, *sorted(others))
    return Scores(
        columns, tuple((m, tuple(row.get(c) for c in columns)) for m, row in table.items())
    )


def _baselines(summary: RunSummary) -> tuple[str, ...]:
    """Names from the predictions, and names inside keys that are else those of the model."""
    names = dict.fromkeys(summary.predictions.baselines if summary.predictions else ())
    for key in summary.metrics:
        parts = key.split("/")
        if len(parts) == 3 and f"{parts[0]}/{parts[2]}" in summary.metrics:
            names[parts[1]] = None
    return tuple(names)


def _from_predictions(predictions: Predictions) -> dict[str, dict[str, float]]:
    """Errors of the model and of each baseline on the samples of the pictures."""
    if not predictions.baselines or predictions.targets.size == 0:
        return {}
    note = f" ({len(predictions)} samples)"
    table: dict[str, dict[str, float]] = {}
    for name, array in {MODEL: predictions.outputs, **predictions.baselines}.items():
        square = float(np.mean((array - predictions.targets) ** 2))
        table.setdefault(f"mse{note}", {})[name] = square
        if predictions.track_dim is not None:
            distance = predictions.displacement(array)
            table.setdefault(f"ade in m{note}", {})[name] = float(distance.mean())
            table.setdefault(f"fde in m{note}", {})[name] = float(distance[:, -1].mean())
    return table
