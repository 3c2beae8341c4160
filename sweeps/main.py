"""What ``sweep.py`` does: run, status."""

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

from softsym.reporting.many_runs import write_page
from softsym.runs.errors import UserError
from softsym.runs.layout import CONFIG, OVERVIEW
from softsym.runs.locks import locked
from softsym.runs.optuna_journal import MONITOR, SLOTS, TOTAL
from softsym.sweeps.checks import check_trials, samples
from softsym.sweeps.command_line import train_values
from softsym.sweeps.executors import Executor, make_executor
from softsym.sweeps.loop import Search
from softsym.sweeps.plan import Plan, make_plan, require_same_plan
from softsym.sweeps.settings import Settings, make_settings
from softsym.sweeps.status import show_status
from softsym.sweeps.study import Study
from softsym.sweeps.trials import Trials, by_hand, program

log = logging.getLogger(__name__)

LOCK = ".sweep.lock"


def act(config: Mapping[str, Any]) -> None:
    """Does what the config says.

    Args:
        config: The content of ``conf/sweep.yaml`` as composed.

    Raises:
        UserError: If it cannot be done.
    """
    settings = make_settings(config)
    if settings.action == "status":
        show_status(Study(settings.folder), settings.folder, Console())
    else:
        plan = make_plan(config["search"], config["overrides"])
        with alone(settings.folder):
            search(settings, plan, make_executor(config["executor"]))


def search(settings: Settings, plan: Plan, executor: Executor) -> None:
    """Starts or continues a search, and runs it to its end."""
    words = program(settings.command)
    if (settings.folder / CONFIG).exists():
        require_same_plan(plan, settings.folder)
    check_trials(plan, settings.folder, settings.folder.name)
    require_same_plan(plan, settings.folder)
    study = Study(settings.folder, create=True)
    monitor, defaults = _of_experiment(plan)
    if defaults is not None:
        study.begin_with(defaults)
    study.note_settings(
        **{TOTAL: settings.n_trials, SLOTS: settings.slots, MONITOR: monitor},
    )
    trials = Trials(plan, settings.folder, study.name, words)
    page = settings.folder / OVERVIEW
    loop = Search(study, trials, executor, settings, monitor, lambda: _report(page))
    log.info("Search %s in %s: %d trials.", study.name, settings.folder, settings.n_trials)
    with _terminated_as_interrupted():
        try:
            loop.run()
        except KeyboardInterrupt:
            sys.exit(130)
    best = study.best
    if best is not None:
        log.info("Best: %s = %.6g in trial %d.", monitor, best.value, best.number)
        log.info("Train it again: %s", by_hand(plan, best.params))
    log.info("Report: %s", page)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps a second sweep.py out of the folder.

    Raises:
        UserError: If there is one, or the folder cannot be written.
    """
    refusal = (
        f"Another sweep.py works in {str(folder)!r}. See its progress with python sweep.py "
        f"status folder={shlex.quote(str(folder))}, or start another search with name=<name>."
    )
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(folder / LOCK, refusal))
        except OSError as error:
            raise UserError(f"The folder {str(folder)!r} cannot be used: {error}.") from None
        yield


def _of_experiment(plan: Plan) -> tuple[str, dict[str, Any] | None]:
    """The metric to minimize, and the values of the experiment itself if the space has them."""
    first = next(samples(plan))
    metric = train_values([*plan.fixed, *plan.drawn(first)], ["monitor"])["monitor"]
    values = train_values(plan.fixed, [p.key for p in plan.space])
    inside = all(p.key in values and p.contains(values[p.key]) for p in plan.space)
    return str(metric), values if inside else None


def _report(page: Path) -> None:
    try:
        write_page([page.parent], page)
    except Exception as error:
        # a page that cannot be written must not end a search
        log.warning("No report: %s", error)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends a search as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
