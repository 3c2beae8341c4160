"""Launches the runs of a grid sweep: those that are not done, and loses none that are.

What a run has achieved stands in its folder, where ``run.json`` comes last. So nobody depends on
the process that launched it: the runs of a sweep whose launcher was killed go on, and the same
command finds what is done, waits for what runs, and starts the rest.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from softsym.reporting.number_format import duration
from softsym.runs.errors import UserError
from softsym.runs.outcome import End, Outcome, read_outcome, tail
from softsym.sweeps.executors import Executor, Job, Status, SubmitError
from softsym.sweeps.overrides import override

log = logging.getLogger(__name__)

LINES_SHOWN = 12


@dataclass(frozen=True)
class GridRun:
    """One run of a sweep.

    Attributes:
        overrides: What it is started with.
        folder: Its run folder.
        monitor: The metric to show when it is done.
        name: What tells it from the others, for people.
    """

    overrides: tuple[str, ...]
    folder: Path
    monitor: str
    name: str

    @property
    def job(self) -> Job:
        """Its job, which any launcher of this sweep finds again by name."""
        where = hashlib.sha256(str(self.folder.absolute()).encode()).hexdigest()[:8]
        name = re.sub(r"[^\w.-]", "_", self.folder.parent.name)[:40]
        return Job(self.folder.absolute(), f"{name}-{where}")

    def outcome(self, code: int | None = None) -> Outcome:
        """How it ended, if it has ended."""
        return read_outcome(self.folder, self.monitor, code)


@dataclass
class Grid:
    """The runs of a sweep, from wherever they stand to their ends.

    Attributes:
        runs: All runs.
        executor: Where they run.
        program: What runs each, such as ``python train.py``.
        slots: Most runs that are started at a time.
        name: The sweep's.
    """

    runs: Sequence[GridRun]
    executor: Executor
    program: Sequence[str]
    slots: int
    name: str
    failed: dict[GridRun, Outcome] = field(default_factory=dict)
    _seen: dict[int, str] = field(default_factory=dict)

    def finish(self) -> dict[GridRun, Outcome]:
        """Runs what is not done and waits for all.

        Returns:
            The runs that failed.

        Raises:
            UserError: If no job can be started.
        """
        started = time.monotonic()
        waiting = deque(run for run in self.runs if run.outcome().end != End.COMPLETE)
        before = len(self.runs) - len(waiting)
        log.info("%d runs, %d of them finished before", len(self.runs), before)
        running = self._found_running(waiting)
        try:
            while waiting or running:
                self._start(waiting, running)
                time.sleep(self.executor.poll_seconds)
                self._collect(running)
        except (KeyboardInterrupt, SystemExit):  # Ctrl-C, or a scheduler's signal
            self._leave(running)
            raise
        log.info(
            "%d of %d runs finished, %d failed, after %s",
            *(len(self.runs) - len(self.failed), len(self.runs), len(self.failed)),
            duration(time.monotonic() - started),
        )
        return self.failed

    def _found_running(self, waiting: deque[GridRun]) -> dict[int, tuple[GridRun, Job]]:
        """Takes those that another launcher has started out of the waiting ones."""
        running: dict[int, tuple[GridRun, Job]] = {}
        found = self.executor.poll({self.runs.index(run): run.job for run in waiting}) or {}
        for number, status in found.items():
            if self._follows(number, status, running):
                waiting.remove(self.runs[number])
        return running

    def _follows(
        self, number: int, status: Status, running: dict[int, tuple[GridRun, Job]]
    ) -> bool:
        """Adds a run to the running ones if its job lives."""
        if not status.alive or status.state == "ending":
            return False
        run = self.runs[number]
        running[number] = run, Job(run.job.folder, run.job.name, status.id)
        log.info("still %s, started before: %s", status.state, run.name)
        return True

    def _start(self, waiting: deque[GridRun], running: dict[int, tuple[GridRun, Job]]) -> None:
        while waiting and len(running) < self.slots:
            run = waiting[0]
            if run.outcome().end == End.COMPLETE:  # since it was looked at, by another launcher
                waiting.popleft()
                continue
            last = [override("run_dir", str(run.folder.absolute())), override("sweep", self.name)]
            if not any(o.startswith("ckpt_path=") for o in run.overrides):
                last.append("ckpt_path=auto")
            try:
                id = self.executor.submit(run.job, [*self.program, *run.overrides, *last])
            except SubmitError as error:
                number = self.runs.index(run)
                found = self.executor.poll({number: run.job}) or {}
                if number in found and self._follows(number, found[number], running):
                    waiting.popleft()  # another launcher has been faster
                    continue
                if not running:
                    raise UserError(f"No job can be started. {error}") from None
                log.warning("%s has to wait: %s", run.name, error)
                return
            waiting.popleft()
            running[self.runs.index(run)] = run, Job(run.job.folder, run.job.name, id)
            log.info("started (job %s): %s", id, run.name)

    def _collect(self, running: dict[int, tuple[GridRun, Job]]) -> None:
        found = self.executor.poll({number: job for number, (_, job) in running.items()})
        for number, status in (found or {}).items():
            if status.alive:
                self._tell(number, status.state)
                continue
            run, _ = running.pop(number)
            outcome = run.outcome(status.code)
            if outcome.end == End.COMPLETE:
                log.info("finished: %s: %s %.4g", run.name, run.monitor, outcome.value)
                continue
            self.failed[run] = outcome
            log.error("failed: %s: %s\n%s", run.name, outcome.reason, tail(run.folder, LINES_SHOWN))

    def _tell(self, number: int, state: str) -> None:
        """Says what a job does when that is news; a reason in brackets may keep it waiting."""
        if state != self._seen.get(number) and (number in self._seen or "(" in state):
            log.info("%s: %s", state, self.runs[number].name)
        self._seen[number] = state

    def _leave(self, running: dict[int, tuple[GridRun, Job]]) -> None:
        if self.executor.survives:
            log.warning(
                "%d jobs go on by themselves; the same command follows them again.", len(running)
            )
        else:
            self.executor.stop([job for _, job in running.values()])
            log.warning("The runs are told to save; the same command continues them.")
