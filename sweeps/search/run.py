"""The actions of ``sweep.py``: run a search, or show its status."""

from __future__ import annotations

import logging
import shlex
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from softsym.cli import resolvers
from softsym.cli.program import command_of
from softsym.cli.quoting import override
from softsym.reporting.many_runs import write_page
from softsym.runs.errors import UserError
from softsym.runs.files import clear_leftovers
from softsym.runs.layout import OVERVIEW
from softsym.runs.locks import locked
from softsym.runs.optuna_journal import MONITOR, SLOTS, TOTAL
from softsym.sweeps.executors import Executor, make_executor
from softsym.sweeps.search.plan import Plan, keep_plan, make_plan, require_same_plan
from softsym.sweeps.search.repair import set_damage_aside
from softsym.sweeps.search.search import Search, Settings, make_settings
from softsym.sweeps.search.status import show_status
from softsym.sweeps.search.study import Study
from softsym.sweeps.search.trials import (
    Trials,
    by_hand,
    check_trials,
    full_program,
    monitor_and_defaults,
)

log = logging.getLogger(__name__)

LOCK = ".sweep.lock"


def act(config: Mapping[str, Any]) -> None:
    """Does what the composed config of ``conf/sweep.yaml`` asks for."""
    resolvers.register()  # for the configs of train.py that trials are checked against
    settings = make_settings(config)
    if settings.action == "status":
        show_status(Study(settings.folder), settings.folder, Console())
        return
    plan = make_plan(config["search"], config["overrides"])
    executor = make_executor(config["executor"])
    with _alone(settings.folder):
        _run_search(settings, plan, executor)


def _run_search(settings: Settings, plan: Plan, executor: Executor) -> None:
    """Starts or continues a search, and runs it to its end."""
    folder, program = settings.folder, full_program(settings.command)
    require_same_plan(plan, folder)
    check_trials(plan, folder)
    keep_plan(plan, folder)
    if settings.repair:
        set_damage_aside(folder)
    study = Study(folder, create=True)
    monitor, defaults = monitor_and_defaults(plan)
    if defaults is not None:
        study.begin_with(defaults)
    study.note_settings(**{TOTAL: settings.n_trials, SLOTS: settings.slots, MONITOR: monitor})
    trials = Trials(plan, folder, study.name, program)
    log.info("Search %s in %s: %d trials.", study.name, folder, settings.n_trials)
    with _terminated_as_interrupted():
        try:
            Search(study, trials, executor, settings, monitor, lambda: _report(folder)).run()
        except KeyboardInterrupt:
            sys.exit(130)
    best = study.best
    if best is not None:
        log.info("Best: %s = %.6g in trial %d.", monitor, best.value, best.number)
        log.info("Train it again: %s", by_hand(plan, best.params))
    log.info("Report: %s", folder / OVERVIEW)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second sweep.py out of the folder, which would draw and start trials twice."""
    status = shlex.join([*command_of("sweep"), "status", override("folder", folder)])
    refusal = (
        f"Another sweep.py works in {str(folder)!r}. See its progress with: {status}. Or start "
        "another search with name=<name>."
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / LOCK, refusal))
            clear_leftovers(folder)
        except OSError as error:
            raise UserError(f"The folder {str(folder)!r} cannot be used: {error}.") from None
        yield


def _report(folder: Path) -> None:
    try:
        write_page([folder], folder / OVERVIEW)
    except Exception as error:  # a page that cannot be written must not end a search
        log.warning("No report: %s", error)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Makes SIGTERM end a search as Ctrl-C does, so that local trials save."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
