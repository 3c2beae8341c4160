"""The end of a run in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from softsym.reporting.environments import environment_rows
from softsym.reporting.moved_test import moved_errors
from softsym.reporting.notes import notes
from softsym.reporting.number_format import duration, number, plain_table
from softsym.reporting.summary import RunSummary, scores
from softsym.reporting.symmetry_results import strongest_first
from softsym.reporting.verdicts import first_word, headline, verdict

COLORS = {"holds": "green", "broken": "red", "undecided": "yellow", "no verdict": "dim"}


def symmetry_table(summary: RunSummary) -> Table:
    """One row per symmetry, the strongest first; fits 80 columns."""
    table = plain_table("Symmetry", "Group")
    moved = moved_errors(summary)
    for heading in ("Strength", "Penalty", *(["If moved"] if moved else [])):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Verdict", overflow="fold")
    for result in strongest_first(summary.symmetries):
        # Text, not strings: a name may contain what rich would read as markup
        table.add_row(
            Text(result.name),
            Text(result.group),
            number(result.strength),
            number(result.penalty),
            *([moved.change(result.name) or "-"] if moved else []),
            Text(verdict(summary, result), style=COLORS[first_word(summary.verdict(result.name))]),
        )
    return table


def metrics_table(summary: RunSummary) -> Table | None:
    """Test metrics of the model beside the baselines, None if there are none."""
    measured = scores(summary, prefix=("test", "ood"))
    if not measured.rows:
        return None
    table = plain_table("Metric")
    for column in measured.columns:
        table.add_column(Text(column.replace("_", " ")), justify="right")
    for metric, values in measured.rows:
        table.add_row(Text(metric), *(number(value) for value in values))
    return table


def environments_table(summary: RunSummary) -> Table | None:
    """One row per symmetry and fold of a selection; None for other runs."""
    if not summary.environments:
        return None
    table = plain_table("Held out", "Symmetry")
    for heading in ("Strength", summary.monitor):
        table.add_column(Text(heading), justify="right", no_wrap=True)
    table.add_column("Verdict", overflow="fold")
    rows = environment_rows(summary.environments)
    for row, before in zip(rows, [None, *rows], strict=False):
        again = before is not None and row["label"] == before["label"]
        table.add_row(
            Text("" if again else row["label"]),
            Text(row["name"]),
            number(row["strength"]),
            number(row["score"]),
            Text(row["text"], style=COLORS[first_word(row["verdict"])]),
        )
    return table


def show(summary: RunSummary, report_path: Path | str, console: Console) -> None:
    """Prints the headline, all tables and the path of the report."""
    console.print()
    console.print(Text(headline(summary), style="bold"), soft_wrap=True)
    if summary.symmetries:
        console.print(symmetry_table(summary))
        if moved := moved_errors(summary):
            told = f"If moved: change of test/{moved.metric} when the group moves test samples."
            console.print(Text(told, style="dim"))
    for note in notes(summary):
        console.print(Text(note, style="yellow"))
    if summary.bound:
        console.print(Text(summary.bound, style="dim"))
    for table in (environments_table(summary), metrics_table(summary)):
        if table is not None:
            console.print(table)
    console.print(f"Run {summary.status} after {duration(summary.seconds)}.", highlight=False)
    # on one line however long it is, so that it can be clicked and copied
    console.print(Text(f"Report: {report_path}"), soft_wrap=True)
