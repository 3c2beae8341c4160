"""The report of the grid: results.csv, report.md, report.html and the figures."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import torch
from markupsafe import Markup
from matplotlib.figure import Figure

from benchmarks.grid import figures, tables
from benchmarks.grid.plan import Run
from benchmarks.grid.recovery import dial_points
from benchmarks.grid.results import Summary, as_csv, read, summed_up
from softsym.reporting.svg import inline_svg
from softsym.runs.files import write_atomically

STRONG_MODELS = ("per", "best")
"""Models whose strengths are tuned, and so say which symmetries there are."""


TRUTH = (
    "Exact, approximate and broken go by the equivariance error of the true function, from scalar "
    "targets with their mean taken off, since a constant is symmetric and hides the rest. The "
    "errors in the tables are of functions as they are."
)


def write_report(runs: Sequence[Run], out: Path, command: str, figures: bool = True) -> Path:
    """Writes everything of the runs that are done; returns the page.

    Args:
        runs: All runs of the grid, done or not.
        out: Folder of the grid.
        command: Command line, for the report.
        figures: Whether to draw; tables alone are quick.
    """
    results = read(runs)
    summaries = [s for s in summed_up(results) if s.seeds or s.failed]
    write_atomically(out / "results.csv", as_csv(results))
    sections = texts(summaries)
    write_atomically(out / "report.md", markdown(sections, command, drawn=figures))
    page = out / "report.html"
    if figures:
        drawn = pictures(summaries)
        (out / "figures").mkdir(exist_ok=True)
        for name, figure in drawn.items():
            figure.savefig(out / "figures" / f"{name}.png", dpi=130)
        write_atomically(page, html(sections, drawn, command))
    return page


def texts(summaries: Sequence[Summary]) -> dict[str, str]:
    """Heading -> Markdown."""
    sections = {
        "Errors": tables.results_table(summaries),
        "Recovery: do the strengths find the symmetries?": f"{TRUTH}\n\n"
        + tables.strengths_table(summaries),
    }
    for model in STRONG_MODELS:
        if points := dial_points(summaries, model):
            sections[f"Along the dials, {model}"] = tables.dial_table(points)
    return sections | {"Failures": tables.failures_list(summaries)}


def pictures(summaries: Sequence[Summary]) -> dict[str, Figure]:
    """Name -> figure, of what there are data for."""
    tuned = [s for s in summaries if s.recipe.model in STRONG_MODELS]
    drawn = {
        "test_mse": figures.errors_figure(summaries, "test/mse", "test MSE"),
        "ood_mse": figures.errors_figure(summaries, "ood/mse", "out-of-distribution MSE"),
        "recovery": figures.recovery_figure(tables.recoveries(tuned)),
    }
    for model in STRONG_MODELS:
        drawn[f"dials_{model}"] = figures.dial_figure(dial_points(summaries, model))
    return {name: figure for name, figure in drawn.items() if figure is not None}


def markdown(sections: Mapping[str, str], command: str, drawn: bool) -> str:
    """The page as Markdown."""
    parts = ["# The grid", f"```bash\n{command}\n```", machine()]
    parts += [f"## {heading}\n\n{text}" for heading, text in sections.items()]
    if drawn:
        parts.append("Figures: the folder `figures`.")
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """What the numbers were made on."""
    return (
        f"Mean (standard deviation) over seeds. torch {torch.__version__}, "
        f"Python {platform.python_version()}, {platform.machine()}, one thread a run."
    )


def html(sections: Mapping[str, str], drawn: Mapping[str, Figure], command: str) -> str:
    """The page as HTML, with the figures in it."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True
    )
    return environment.get_template("report.html.j2").render(
        command=command,
        machine=machine(),
        sections={
            h: [_parsed(part) for part in text.split("\n\n")] for h, text in sections.items()
        },
        pictures={n: Markup(inline_svg(f, n, n.replace("_", " "))) for n, f in drawn.items()},
    )


def _parsed(part: str) -> dict[str, object]:
    """A paragraph, or the cells of a Markdown table."""
    lines = part.splitlines()
    if not part.startswith("|"):
        return {"text": part.replace("**", ""), "head": [], "rows": []}
    cells = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]
    return {"text": "", "head": cells[0], "rows": cells[2:]}
