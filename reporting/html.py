"""The report of a run: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from softsym.reporting.figures import CAPTIONS, all_figures
from softsym.reporting.number_format import duration, error, known, number
from softsym.reporting.palette import SERIES, symmetry_names
from softsym.reporting.scores import scores
from softsym.reporting.summary import RunSummary
from softsym.reporting.svg import Picture, inline_svg
from softsym.reporting.symmetry_results import strongest_first
from softsym.reporting.verdicts import headline, verdict
from softsym.runs.files import write_atomically

TEMPLATES = Path(__file__).parent / "templates"

FLOOR_NOTE = (
    "The error of the data is a nearest-neighbour estimate: the thin mark is what noise alone "
    "would give, and only what exceeds it counts."
)


def write_report(summary: RunSummary, path: Path | str) -> None:
    """Writes the report of a run in one step; missing parts are left out or said to be missing.

    Args:
        summary: The run.
        path: The HTML file; it and its folder are created if missing.
    """
    write_atomically(path, render_report(summary))


def page_template(name: str) -> jinja2.Template:
    """A template of this package; rendering fails if a value is missing."""
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
    """The report of a run as HTML text."""
    return page_template("report.html.j2").render(
        summary=summary,
        headline=headline(summary),
        rows=_rows(summary),
        floors=_has_floors(summary),
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
            "grade": summary.grades[result.name].name.lower(),
            "verdict": verdict(summary, result),
        }
        for result in strongest_first(summary.symmetries)
    ]


def _pictures(summary: RunSummary) -> list[Picture]:
    """Figures as inline SVG with their captions."""
    pictures = []
    for key, figure in all_figures(summary).items():
        title, caption = CAPTIONS[key]
        if key == "equivariance" and _has_floors(summary):
            caption = f"{caption} {FLOOR_NOTE}"
        pictures.append(Picture(key, title, caption, inline_svg(figure, key, title)))
    return pictures


def _has_floors(summary: RunSummary) -> bool:
    """Whether the error of the data is an estimate with a noise floor."""
    return any(known(result.data_floor) for result in summary.symmetries)
