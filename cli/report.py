"""The command line of ``report.py``; what does the work is imported once it is right."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from softsym.cli.places import writable_file
from softsym.cli.program import spoken
from softsym.runs.errors import UserError
from softsym.runs.layout import CONFIG, JOURNAL, OVERVIEW, REPORT


def main(arguments: Sequence[str] | None = None) -> None:
    """Checks the command line, then writes the page and shows the best configurations."""
    given = parser().parse_args(arguments)
    folders = [_existing(folder) for folder in given.folders]
    one = len(folders) == 1 and _is_run(folders[0]) and not (given.by or given.metric)
    page = given.output or folders[0] / (REPORT if one else OVERVIEW)
    writable_file(page, "The page", page / OVERVIEW)
    if one:
        from softsym.reporting.stored import report_run  # noqa: PLC0415 (loads matplotlib)

        report_run(folders[0], page)
        return
    by = [key.strip() for keys in given.by for key in keys.split(",") if key.strip()]
    from softsym.reporting.many_runs import report_runs  # noqa: PLC0415 (loads matplotlib)

    report_runs(folders, page, given.metric or "", by)


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    command = spoken("report")
    made = argparse.ArgumentParser(
        prog=command,
        description="Gathers the runs below some folders into one self-contained HTML page: "
        "tables to sort and filter, strengths over the runs, mean and spread over seeds, the "
        "figures of searches, and the command of the best run. The folder of one run alone gets "
        "the run's own page again, from what the folder holds.",
        epilog=f"Example: {command} multirun/quickstart outputs/quickstart",
    )
    made.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="run folders, or folders of them"
    )
    made.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"the page (default: {OVERVIEW} in the first folder, {REPORT} for one run)",
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
        help="config key that tells configurations apart; for several, separate them by commas "
        "or repeat the option (default: every key that differs between the runs and is no seed, "
        "path or the like)",
    )
    return made


def _is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, and not of a search, which has a config of its own."""
    return (folder / CONFIG).is_file() and not (folder / JOURNAL).exists()


def _existing(folder: Path) -> Path:
    if folder.is_dir():
        return folder
    name = repr(str(folder))
    problem = f"{name} is a file" if folder.exists() else f"There is no folder {name}"
    raise UserError(f"{problem}. Give folders that hold runs.")
