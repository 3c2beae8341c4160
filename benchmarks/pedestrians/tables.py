"""The tables of the protocol as Markdown."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from benchmarks.grid.results import STRENGTH, Summary
from benchmarks.pedestrians.baselines import MODEL_ERROR, Values
from benchmarks.pedestrians.plan import SAID
from softsym.reporting.number_format import error, number

MEAN = "mean"

Cells = Mapping[tuple[str, str], Mapping[str, Sequence[float]]]
"""Scene and model -> metric -> a value for each seed; baselines have one."""


def cells(summaries: Sequence[Summary], baselines: Values) -> Cells:
    """All values, of baselines and of trained models."""
    found: dict[tuple[str, str], Mapping[str, Sequence[float]]] = {}
    for key, values in baselines.items():
        found[key] = {metric: (value,) for metric, value in values.items()}
    for summary in summaries:
        if summary.seeds:
            found[summary.recipe.task, summary.recipe.model] = summary.values
    return found


def models_of(found: Cells) -> list[str]:
    """The models that have a value, in the order of the tables."""
    return [model for model in SAID if any(model == m for _, m in found)]


def scenes_of(found: Cells) -> list[str]:
    """The scenes that have a value."""
    return list(dict.fromkeys(scene for scene, _ in found))


def errors_table(found: Cells) -> str:
    """ADE / FDE in metres by scene, mean and standard deviation over seeds; the best in bold."""
    scenes = scenes_of(found)
    lines = _head("model", *scenes, "mean of the scenes")
    best = {scene: _best(found, scene) for scene in scenes}
    for model in models_of(found):
        row = [_errors(found, scene, model, best[scene]) for scene in scenes]
        both = [_over_scenes(found, model, metric) for metric in ("test/ade", "test/fde")]
        row.append(" / ".join("-" if math.isnan(value) else f"{value:.3f}" for value in both))
        lines.append(f"| {SAID[model]} | {' | '.join(row)} |")
    return "\n".join(lines)


def symmetries_table(found: Cells, candidates: Mapping[str, str]) -> str:
    """Equivariance error for each symmetry, mean over scenes and seeds; seconds; parameters."""
    columns = [f"error `{group}`" for group in candidates.values()]
    lines = _head("model", *columns, "seconds", "parameters")
    for model in models_of(found):
        row = [error(_over_scenes(found, model, MODEL_ERROR + name)) for name in candidates]
        row.append(number(_over_scenes(found, model, "run/seconds")))
        parameters = _over_scenes(found, model, "run/parameters")
        row.append("-" if math.isnan(parameters) else f"{parameters:.0f}")
        lines.append(f"| {SAID[model]} | {' | '.join(row)} |")
    return "\n".join(lines)


def strengths_table(found: Cells, candidates: Mapping[str, str], model: str = "per") -> str:
    """Final strengths over the largest of each seed, by scene: least and greatest over seeds."""
    lines = _head("scene held out", *(f"`{group}`" for group in candidates.values()))
    for scene in scenes_of(found):
        values = found.get((scene, model), {})
        by_seed = list(zip(*(values.get(STRENGTH + n, ()) for n in candidates), strict=True))
        if by_seed:
            shares = [[s / max(seed) for s in seed] for seed in by_seed]
            row = [_range([share[i] for share in shares]) for i in range(len(candidates))]
            lines.append(f"| {scene} | {' | '.join(row)} |")
    return "\n".join(lines)


def _range(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _best(found: Cells, scene: str) -> float:
    """The least ADE of the models that have one."""
    values = [_mean(found, scene, model, "test/ade") for model in models_of(found)]
    return min((value for value in values if not math.isnan(value)), default=math.nan)


def _mean(found: Cells, scene: str, model: str, metric: str) -> float:
    values = found.get((scene, model), {}).get(metric, ())
    return statistics.fmean(values) if values else math.nan


def _over_scenes(found: Cells, model: str, metric: str) -> float:
    """Mean over scenes of the mean over seeds; NaN where a scene is missing."""
    return statistics.fmean(_mean(found, scene, model, metric) for scene in scenes_of(found))


def _errors(found: Cells, scene: str, model: str, best: float) -> str:
    parts = []
    for metric in ("test/ade", "test/fde"):
        values = found.get((scene, model), {}).get(metric, ())
        text = f"{statistics.fmean(values):.3f}" if values else "-"
        parts.append(text + (f" ({statistics.stdev(values):.3f})" if len(values) > 1 else ""))
    text = " / ".join(parts)
    return f"**{text}**" if _mean(found, scene, model, "test/ade") == best else text


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
