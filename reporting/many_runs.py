"""From run folders to the report of many runs, as a page and in the terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from softsym.reporting.configurations import Sweep, gather
from softsym.reporting.number_format import plain_table
from softsym.reporting.overview import cautions, facts, render_overview, sweep_headline
from softsym.reporting.pooled_verdicts import verdict_lines
from softsym.reporting.searches import read_searches, search_folders
from softsym.reporting.swept import shown
from softsym.runs.errors import UserError
from softsym.runs.files import write_atomically
from softsym.runs.layout import CONFIG
from softsym.runs.reading import Run, find_runs, read_run
from softsym.runs.text import visible

# Configurations and warnings that the terminal shows; the page has all.
ROWS = 10
WARNINGS = 10


def report_runs(folders: Sequence[Path], page: Path, metric: str, by: Sequence[str]) -> None:
    """Writes the page, and prints warnings and the best configurations (see `gather`)."""
    errors = Console(stderr=True)
    sweep = write_page(folders, page, metric, by, errors)
    for warning in sweep.warnings[:WARNINGS]:
        errors.print(Text(visible(f"warning: {warning}"), style="yellow"), soft_wrap=True)
    if len(sweep.warnings) > WARNINGS:
        left = len(sweep.warnings) - WARNINGS
        errors.print(f"and {left} more, which the page lists", highlight=False)
    show_sweep(sweep, page, Console())


def write_page(
    folders: Sequence[Path],
    page: Path,
    metric: str = "",
    by: Sequence[str] = (),
    console: Console | None = None,
) -> Sweep:
    """Writes the page; ``console``, if given, shows the progress (see `report_runs`)."""
    runs, warnings = _read(folders, console)
    searches, notes = read_searches(search_folders(folders, [run.folder for run in runs]))
    try:
        sweep = gather(runs, metric, by, [*warnings, *notes])
    except ValueError as error:
        raise UserError(str(error)) from error
    try:
        _clear_old_pages(page)
        # names of folders may hold bytes that are no text
        write_atomically(page, visible(render_overview(sweep, page, searches)))
    except OSError as error:
        raise UserError(
            f"The page {str(page)!r} cannot be written: {error}. Name another place with "
            "--output FILE."
        ) from error
    return sweep


def _clear_old_pages(page: Path) -> None:
    """Removes what reports left that were killed while they wrote; others may be writing now."""
    for path in page.parent.glob(f".{page.name}.*.tmp"):
        with suppress(OSError):  # another report is faster
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()


def show_sweep(sweep: Sweep, page: Path, console: Console) -> None:
    """Prints facts, the best configurations, the command of the best run and the page's path."""
    console.print()
    console.print(Text(facts(sweep)), soft_wrap=True)
    console.print(Text(sweep_headline(sweep), style="bold"), soft_wrap=True)
    console.print(_table(sweep))
    left = len(sweep.configurations) - ROWS
    if left > 0:
        console.print(f"and {left} more.", highlight=False)
    for line in verdict_lines(sweep):
        console.print(Text(line, style="bold"), soft_wrap=True)
    lines = cautions(sweep)
    if sweep.best is not None:
        lines.append(f"Best run: {sweep.best.folder}")
        lines += [f"  {sweep.best.command}"] if sweep.best.command else []
    for line in [*lines, f"Report: {page}"]:
        console.print(Text(visible(line)), soft_wrap=True)


def _table(sweep: Sweep) -> Table:
    table = plain_table("#", *(key.label for key in sweep.keys))
    table.columns[0].justify = "right"
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column(Text(sweep.metric or "metric"), justify="right")
    for configuration in sweep.configurations[:ROWS]:
        table.add_row(
            str(configuration.rank),
            *(Text(shown(value)) for value in configuration.values),
            str(len(configuration.counted)),
            str(configuration.score),
        )
    return table


def _read(folders: Sequence[Path], console: Console | None) -> tuple[list[Run], list[str]]:
    """All runs, and why some folders hold none."""
    run_folders: Iterable[Path] = list(find_runs(folders))
    if console is not None and console.is_terminal:
        run_folders = track(run_folders, "reading runs", console=console, transient=True)
    results = [read_run(folder) for folder in run_folders]
    runs = [result for result in results if isinstance(result, Run)]
    reasons = [result for result in results if isinstance(result, str)]
    if not runs:
        places = ", ".join(repr(str(folder)) for folder in folders)
        raise UserError(
            f"No run was found below {places}: a run's folder holds a {CONFIG}. "
            + " ".join(f"{reason}." for reason in reasons[:3])
        )
    return runs, reasons
