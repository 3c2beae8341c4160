"""The report of a run: one self-contained HTML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from softsym.metrics.symmetry_tests.verdict import percent as bound
from softsym.reporting.environments import environment_rows
from softsym.reporting.figures import FIGURES
from softsym.reporting.moved_test import MEANING, moved_errors, moved_scores
from softsym.reporting.notes import notes
from softsym.reporting.number_format import duration, number, p_value, percent
from softsym.reporting.palette import SERIES, symmetry_names
from softsym.reporting.summary import RunSummary, scores
from softsym.reporting.svg import pictures
from softsym.reporting.symmetry_results import strongest_first
from softsym.reporting.verdicts import explainer, first_word, headline, verdict
from softsym.runs.files import write_atomically

TEMPLATES = Path(__file__).parent / "templates"


def write_report(summary: RunSummary, path: Path | str) -> None:
    """Writes the report of a run in one step; missing parts are left out or said to be missing."""
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
    environment.filters |= {"number": number, "percent": percent, "bound": bound, "p": p_value}
    return environment.get_template(name)


def render_report(summary: RunSummary) -> str:
    """The report of a run as HTML text."""
    return page_template("report.html.j2").render(
        summary=summary,
        headline=headline(summary),
        rows=_rows(summary),
        environments=[
            row | {"word": first_word(row["verdict"]).replace(" ", "-")}
            for row in environment_rows(summary.environments)
        ],
        notes=notes(summary),
        explainer=explainer(summary),
        pictures=pictures(summary, FIGURES, lambda key: _remarks(key, summary)),
        scores=scores(summary),
        moved=moved_errors(summary),
        moved_scores=moved_scores(summary),
        moved_means=MEANING,
        duration=duration(summary.seconds),
        epochs=1 + max((row.epoch for row in summary.history), default=-1),
    )


def _remarks(key: str, summary: RunSummary) -> list[str]:
    """What a caption says of this run alone."""
    return [summary.measures] if key == "penalties" and summary.measures else []


def _rows(summary: RunSummary) -> list[Mapping[str, Any]]:
    """Cells of the table of symmetries, the strongest first."""
    place = {name: i % len(SERIES) for i, name in enumerate(symmetry_names(summary))}
    return [
        {
            "result": result,
            "series": place[result.name],
            "word": first_word(tested).replace(" ", "-"),
            "verdict": verdict(summary, result),
            "tested": tested,
        }
        for result in strongest_first(summary.symmetries)
        for tested in [summary.verdict(result.name)]
    ]
