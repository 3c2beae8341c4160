"""The end of a run in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softsym.reporting.grades import Grade, grade
from softsym.reporting.number_format import duration, error, number
from softsym.reporting.scores import scores
from softsym.reporting.summary import RunSummary, strongest_first
from softsym.reporting.verdict import headline, verdict

COLORS = {
    Grade.KEPT: "green",
    Grade.NEARLY: "green",
    Grade.PARTLY: "yellow",
    Grade.BROKEN: "red",
    Grade.UNDECIDED: "dim",
}


def plain_table() -> Table:
    """An empty table in the style of all tables in the terminal."""
    return Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)


def symmetry_table(summary: RunSummary) -> Table:
    """One row per symmetry, the strongest first; readable at 80 columns."""
    table = plain_table()
    table.add_column("Symmetry", overflow="fold")
    table.add_column("Group", overflow="fold")
    table.add_column("Strength", justify="right", no_wrap=True)
    table.add_column("Penalty", justify="right", no_wrap=True)
    table.add_column("Equivariance error\nmodel / data", justify="right", no_wrap=True)
    table.add_column("Verdict", overflow="fold")
    for result in strongest_first(summary.symmetries):
        given = grade(result, summary.symmetries, adjusted=summary.adjusted)
        said = verdict(result, summary.symmetries, adjusted=summary.adjusted)
        # Text, not strings: a name may hold what rich would read as markup.
        table.add_row(
            Text(result.name),
            Text(result.group),
            number(result.strength),
            number(result.penalty),
            f"{error(result.model_error)} / {error(result.reference_error)}",
            Text(said, style=COLORS[given]),
        )
    return table


def metrics_table(summary: RunSummary) -> Table | None:
    """Test metrics of the model beside the baselines, None if there are none."""
    found = scores(summary, prefix=("test", "ood"))
    if not found.rows:
        return None
    table = plain_table()
    table.add_column("Metric", overflow="fold")
    for column in found.columns:
        table.add_column(Text(column.replace("_", " ")), justify="right")
    for metric, values in found.rows:
        table.add_row(Text(metric), *(number(value) for value in values))
    return table


def show(summary: RunSummary, report_path: Path | str, console: Console) -> None:
    """Prints the answer, both tables and the path of the report.

    Args:
        summary: the run.
        report_path: file that `write_report` wrote.
        console: where to; piped to a file it leaves out colours.
    """
    console.print()
    console.print(
        Text(headline(summary.symmetries, adjusted=summary.adjusted), style="bold"), soft_wrap=True
    )
    if summary.symmetries:
        console.print(symmetry_table(summary))
    metrics = metrics_table(summary)
    if metrics is not None:
        console.print(metrics)
    console.print(f"Run {summary.status} after {duration(summary.seconds)}.", highlight=False)
    # One line however long, so that it can be clicked and copied.
    console.print(Text(f"Report: {report_path}"), soft_wrap=True)
