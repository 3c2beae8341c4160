"""The protocol as pictures: errors by scene, and what the strengths say."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from benchmarks.grid.results import STRENGTH
from benchmarks.pedestrians.plan import SAID
from benchmarks.pedestrians.tables import Cells, models_of, scenes_of
from softsym.reporting.palette import DASHES, MUTED, SERIES, styled

LOOKS = {
    "constant_velocity": {"color": MUTED, "marker": "s"},
    "fitted_velocity": {"color": MUTED, "marker": "D"},
}


@styled
def errors_figure(found: Cells) -> Figure:
    """ADE and FDE of every model, a panel each, a group of dots a scene, a dot a seed."""
    figure = Figure(figsize=(8.6, 4.6), layout="constrained")
    scenes, models = scenes_of(found), models_of(found)
    width = 0.8 / max(len(models), 1)
    for panel, (metric, title) in enumerate((("test/ade", "ADE, m"), ("test/fde", "FDE, m"))):
        ax = figure.add_subplot(1, 2, panel + 1)
        for place, model in enumerate(models):
            look = LOOKS.get(model, {"color": SERIES[place % len(SERIES)], "marker": "o"})
            shift = (place - (len(models) - 1) / 2) * width
            points = [
                (number + shift, value)
                for number, scene in enumerate(scenes)
                for value in found.get((scene, model), {}).get(metric, ())
            ]
            label = SAID[model] if panel == 0 else "_"
            ax.plot(*zip(*points, strict=True), linestyle="", markersize=4.2, label=label, **look)
        ax.set_xticks(range(len(scenes)), scenes)
        ax.set_ylim(bottom=0)
        ax.set_title(title, loc="left")
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


@styled
def strengths_figure(found: Cells, candidates: Mapping[str, str], model: str = "per") -> Figure:
    """Strengths over the largest of each seed, on a log scale, by scene."""
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    ax = figure.add_subplot()
    scenes = scenes_of(found)
    for place, (name, group) in enumerate(candidates.items()):
        points = []
        for number, scene in enumerate(scenes):
            values = found.get((scene, model), {})
            tops = zip(*(values.get(STRENGTH + n, ()) for n in candidates), strict=True)
            shares = zip(values.get(STRENGTH + name, ()), map(max, tops), strict=True)
            points += [(number + 0.12 * (place - 1.5), s / top) for s, top in shares]
        if points:
            color = SERIES[place % len(SERIES)]
            ax.plot(*zip(*points, strict=True), "o", color=color, markersize=5, label=group)
    ax.set_yscale("log")
    ax.axhline(1, color=MUTED, linewidth=0.8, linestyle=DASHES[1])
    ax.set_xticks(range(len(scenes)), scenes)
    ax.set_ylabel("strength, largest = 1")
    ax.set_xlabel("scene held out")
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure
