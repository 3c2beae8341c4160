"""The command line of ``report.py``: from run folders to one page."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from softsym.reporting.configurations import Sweep, gather
from softsym.reporting.overview import cautions, facts, sweep_headline, write_overview
from softsym.reporting.swept import shown
from softsym.runs.errors import UserError
from softsym.runs.reading import CONFIG, Run, find_runs, read_run

NAME = "overview.html"
ROWS = 10
WARNINGS = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads the runs, writes the page, and shows the best configurations.

    Args:
        arguments: of the command line; those of the process if None.

    Raises:
        UserError: no such folder, no run in it, a metric or key that no run has, or a page that
            cannot be written.
    """
    given = parser().parse_args(arguments)
    errors, console = Console(stderr=True), Console()
    folders = [_existing(folder) for folder in given.folders]
    page = _writable(given.output or folders[0] / NAME)
    runs, warnings = _read(folders, errors)
    try:
        sweep = gather(runs, given.metric or "", _keys(given.by), warnings)
    except ValueError as error:
        raise UserError(str(error)) from error
    with errors.status("drawing"):
        try:
            write_overview(sweep, page)
        except OSError as error:
            raise UserError(_not_written(page, str(error))) from error
    _warn(sweep.warnings, errors)
    show_sweep(sweep, page, console)


def parser() -> argparse.ArgumentParser:
    """What the command takes."""
    made = argparse.ArgumentParser(
        prog="report.py",
        description="Gathers the runs below some folders into one self-contained HTML page: "
        "tables to sort and filter, strengths over the runs, mean and spread over seeds, and the "
        "command of the best run.",
        epilog="Example: python report.py multirun/quickstart outputs/quickstart",
    )
    made.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="run folders, or folders of them"
    )
    made.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"the page (default: {NAME} in the first folder)",
    )
    made.add_argument(
        "--metric",
        metavar="KEY",
        help="metric that decides, the lower the better (default: the one the runs monitored)",
    )
    made.add_argument(
        "--by",
        metavar="KEY",
        action="append",
        default=[],
        help="config key that tells configurations apart, several by commas or by repeating it "
        "(default: every key that differs between the runs and is no seed, path or the like)",
    )
    return made


def show_sweep(sweep: Sweep, page: Path, console: Console) -> None:
    """Prints what there is, the best configurations and the path of the page.

    Args:
        sweep: the runs.
        page: file that was written.
        console: where to.
    """
    console.print()
    console.print(Text(facts(sweep)), soft_wrap=True)
    console.print(Text(sweep_headline(sweep), style="bold"), soft_wrap=True)
    console.print(_table(sweep))
    left = len(sweep.configurations) - ROWS
    if left > 0:
        console.print(f"and {left} more.", highlight=False)
    for note in cautions(sweep):
        console.print(Text(note), soft_wrap=True)
    best = sweep.best
    if best is not None:
        console.print(Text(f"Best run: {best.folder}"), soft_wrap=True)
        if best.command:
            console.print(Text(f"  {best.command}"), soft_wrap=True)
    console.print(Text(f"Report: {page}"), soft_wrap=True)


def _table(sweep: Sweep) -> Table:
    """The best configurations."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    for key in sweep.keys:
        table.add_column(Text(key.label), overflow="fold")
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


def _keys(given: Sequence[str]) -> list[str]:
    return [key.strip() for keys in given for key in keys.split(",") if key.strip()]


def _existing(folder: Path) -> Path:
    if not folder.exists():
        raise UserError(f"There is no folder {str(folder)!r}. Give folders that hold runs.")
    if not folder.is_dir():
        raise UserError(f"{str(folder)!r} is a file. Give folders that hold runs.")
    return folder


def _writable(page: Path) -> Path:
    """The page, if it looks as if it could be written: thousands of runs take a while to read."""
    if page.is_dir():
        raise UserError(f"{str(page)!r} is a folder. Give a file, such as --output {page / NAME}.")
    above = next(parent for parent in page.absolute().parents if parent.exists())
    if not above.is_dir():
        raise UserError(_not_written(page, f"{str(above)!r} is no folder"))
    if not os.access(above, os.W_OK):
        raise UserError(_not_written(page, f"{str(above)!r} is not writable"))
    return page


def _not_written(page: Path, why: str) -> str:
    return (
        f"The page {str(page)!r} cannot be written: {why}. Name another place with --output FILE."
    )


def _read(folders: Sequence[Path], console: Console) -> tuple[list[Run], list[str]]:
    """All runs, and why some folders hold none."""
    with console.status("looking for runs"):
        found = list(find_runs(folders))
    steps = track(
        found, "reading runs", console=console, transient=True, disable=not console.is_terminal
    )
    read = [read_run(folder) for folder in steps]
    runs = [run for run in read if isinstance(run, Run)]
    reasons = [reason for reason in read if isinstance(reason, str)]
    if not runs:
        places = ", ".join(repr(str(folder)) for folder in folders)
        raise UserError(
            f"No run was found below {places}: a run's folder holds a {CONFIG}. "
            + (" ".join(f"{reason}." for reason in reasons[:3]))
        )
    return runs, reasons


def _warn(warnings: Sequence[str], console: Console) -> None:
    for warning in warnings[:WARNINGS]:
        console.print(Text(f"warning: {warning}", style="yellow"), soft_wrap=True)
    if len(warnings) > WARNINGS:
        console.print(f"and {len(warnings) - WARNINGS} more, which the page lists", highlight=False)
