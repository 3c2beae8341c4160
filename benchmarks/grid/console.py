"""Runs a grid before somebody's eyes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.grid.plan import Run
from benchmarks.grid.runner import LOG, run_all


def stop_as_by_ctrl_c() -> None:
    """Makes other signals end the process as Ctrl-C does: trainings save and end as well."""
    for stop in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(stop) is not signal.SIG_IGN:  # as nohup wants
            signal.signal(stop, signal.default_int_handler)


def slots(jobs: int | None, gpus: Sequence[str] | None = None) -> list[str | None]:
    """Where runs go at once: GPUs in turn, or one core each."""
    if gpus:
        return [gpus[i % len(gpus)] for i in range(jobs or len(gpus))]
    return [None] * (jobs or len(os.sched_getaffinity(0)))


def train(
    runs: Sequence[Run],
    where: Sequence[str | None],
    console: Console,
    report: Callable[[bool], object],
) -> list[Run]:
    """Runs everything with a bar; returns what failed.

    Args:
        runs: Trainings.
        where: As :func:`slots` gives it.
        console: Where the bar is.
        report: Renews the report after each run; told whether to draw figures.
    """
    failed: list[Run] = []
    columns = (
        MofNCompleteColumn(),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[last]}"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(runs), last="")

        def told(run: Run, what: str) -> None:
            if what == "failed":
                failed.append(run)
            if not console.is_terminal and what != "skipped":
                console.print(f"{what}: {run.label}", markup=False)
            bar.update(task, advance=1, last=f"{what}: {run.label}")
            if what != "skipped":
                report(False)

        try:
            run_all(runs, where, told)
        except KeyboardInterrupt:
            console.print("Stopped; the same command goes on from here.")
            report(True)
            sys.exit(130)
    return failed


def run_and_report(
    runs: Sequence[Run],
    where: Sequence[str | None],
    console: Console,
    report: Callable[..., Path],
) -> int:
    """Trains what is missing and reports on all; 1 if a run failed.

    Args:
        runs: Trainings.
        where: As :func:`slots` gives it; empty to train nothing.
        console: Where progress is shown.
        report: Writes the report, with ``figures`` or without, and returns its path.
    """
    failed = train(runs, where, console, lambda whole: report(figures=whole)) if where else []
    path = report()
    for run in failed:
        console.print(f"failed: {run.label}, see {run.folder / LOG}", style="red", markup=False)
    console.print(f"Report: {path}", soft_wrap=True, markup=False)
    return 1 if failed else 0
