"""The report of a run: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from softsym.reporting.figures import all_figures
from softsym.reporting.grades import grade, known
from softsym.reporting.number_format import duration, error, number
from softsym.reporting.palette import SERIES, symmetry_names
from softsym.reporting.scores import scores
from softsym.reporting.summary import RunSummary, strongest_first
from softsym.reporting.svg import inline_svg
from softsym.reporting.verdict import headline, verdict
from softsym.runs.files import write_atomically

TEMPLATES = Path(__file__).parent / "templates"

# Key of a figure -> its title and how to read it.
CAPTIONS = {
    "strengths": (
        "Strengths over the epochs",
        "The weight of each penalty in the loss. Where they are tuned, only the ratios between "
        "them say something: the symmetry that the network breaks least gets the largest.",
    ),
    "penalties": (
        "Penalties over the epochs",
        "How far the weights are from those of a model that keeps the symmetry. While the "
        "strengths are equal, the lower a line, the better weights keep that symmetry; one that "
        "asks more of them begins higher.",
    ),
    "equivariance": (
        "Equivariance error",
        "How much the answer changes when it should turn along with the input: 0 is a kept "
        "symmetry, unrelated answers are near 0.7.",
    ),
    "predictions": (
        "Predictions against truth",
        "Each point is one number of one test sample; on the dashed line it is predicted exactly.",
    ),
    "tracks": (
        "Sample tracks",
        "Test samples seen from above, from the best predicted to the worst, each at its own "
        "scale; dots are the ends of the paths.",
    ),
    "moved_scenes": (
        "The same scene, moved",
        "The model's answers to one scene after several random elements of each group, carried "
        "back. Where the model keeps the symmetry all lie on its plain prediction; the spread is "
        "their mean distance from it.",
    ),
}
FLOOR_NOTE = (
    "The error of the data is a nearest-neighbour estimate: the thin mark is what noise alone "
    "would give, and only what lies beyond it counts."
)


@dataclass(frozen=True)
class Picture:
    """A figure as the template takes it."""

    key: str
    title: str
    caption: str
    svg: Markup


def write_report(summary: RunSummary, path: Path | str) -> None:
    """Writes the report in one step; whatever the summary lacks is left out or said to be missing.

    Args:
        summary: the run.
        path: HTML file, made or replaced, with its folder.
    """
    write_atomically(path, render_report(summary))


def page_template(name: str) -> jinja2.Template:
    """A page of this package's templates, in which nothing may be missing."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number}
    return environment.get_template(name)


def render_report(summary: RunSummary) -> str:
    """The report as HTML text."""
    return page_template("report.html.j2").render(
        summary=summary,
        headline=headline(summary.symmetries, adjusted=summary.adjusted),
        rows=_rows(summary),
        floors=any(known(result.data_floor) for result in summary.symmetries),
        pictures=_pictures(summary),
        scores=scores(summary),
        duration=duration(summary.seconds),
        epochs=1 + max((row.epoch for row in summary.history), default=-1),
    )


def _rows(summary: RunSummary) -> list[Mapping[str, Any]]:
    """Cells of the table of symmetries, the strongest first."""
    place = {name: i % len(SERIES) for i, name in enumerate(symmetry_names(summary))}
    return [
        {
            "name": result.name,
            "group": result.group,
            "series": place[result.name],
            "strength": number(result.strength),
            "penalty": number(result.penalty),
            "model_error": error(result.model_error),
            "data_error": error(result.reference_error),
            "data_floor": error(result.data_floor),
            "grade": grade(result, summary.symmetries, adjusted=summary.adjusted).name.lower(),
            "verdict": verdict(result, summary.symmetries, adjusted=summary.adjusted),
        }
        for result in strongest_first(summary.symmetries)
    ]


def _pictures(summary: RunSummary) -> list[Picture]:
    """Figures as inline SVG with their captions."""
    drawn = []
    for key, figure in all_figures(summary).items():
        title, caption = CAPTIONS[key]
        if key == "equivariance" and any(known(r.data_floor) for r in summary.symmetries):
            caption = f"{caption} {FLOOR_NOTE}"
        drawn.append(Picture(key, title, caption, inline_svg(figure, key, title)))
    return drawn
