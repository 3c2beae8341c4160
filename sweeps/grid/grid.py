"""The jobs of a grid: runs that have finished are kept, all others are started or continued.

A run's folder tells what the run has achieved, and ``run.json`` is written last. So nothing
depends on the process that launched the runs: the same command finds those that are finished,
follows those that still run, and starts the rest.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from softsym.cli.quoting import override
from softsym.reporting.number_format import duration
from softsym.runs.outcome import End, Outcome, read_outcome, tail
from softsym.sweeps.executors import Executor, Job
from softsym.sweeps.slot_loop import SlotLoop

log = logging.getLogger(__name__)

LINES_SHOWN = 12
"""Lines of the output of a failed run that are shown."""


@dataclass(frozen=True)
class GridRun:
    """One run of a grid."""

    overrides: tuple[str, ...]
    folder: Path
    monitor: str  # the metric to show when it has finished
    label: str  # its name for people: the overrides that no other run has

    @property
    def job(self) -> Job:
        """Its job, under a name that every launcher of this grid derives alike."""
        folder = self.folder.absolute()
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]
        name = re.sub(r"[^\w.-]", "_", folder.parent.name)[:40]
        return Job(folder, f"{name}-{digest}")

    @property
    def is_complete(self) -> bool:
        """Whether it has finished and left its metric."""
        return read_outcome(self.folder, self.monitor, None).end == End.COMPLETE


@dataclass
class Grid:
    """Runs the unfinished runs of a grid, at most ``slots`` at a time."""

    runs: Sequence[GridRun]
    executor: Executor
    program: Sequence[str]  # such as ``python train.py``
    slots: int
    name: str  # of the sweep
    failed: dict[GridRun, Outcome] = field(default_factory=dict)
    _left: deque[int] = field(default_factory=deque)

    def finish(self) -> dict[GridRun, Outcome]:
        """Runs all that have not finished, and returns those that failed."""
        started = time.monotonic()
        self._left = deque(n for n, run in enumerate(self.runs) if not run.is_complete)
        before = len(self.runs) - len(self._left)
        log.info("%d runs, %d of them finished before", len(self.runs), before)
        SlotLoop(self, self.executor, self.slots).run()
        log.info(
            "%d of %d runs finished, %d failed, after %s",
            *(len(self.runs) - len(self.failed), len(self.runs), len(self.failed)),
            duration(time.monotonic() - started),
        )
        return self.failed

    def attach(self, executor: Executor) -> dict[int, Job]:
        """Jobs of another launcher; runs that were never started do not count as jobs."""
        statuses = executor.poll({number: self.job(number) for number in self._left}) or {}
        ids = {number: status.id for number, status in statuses.items() if status.seen}
        self._left = deque(number for number in self._left if number not in ids)
        return {number: replace(self.job(number), id=id) for number, id in ids.items()}

    def next(self) -> int | None:
        """The next run that has not finished; another launcher may have finished some by now."""
        while self._left and self.runs[self._left[0]].is_complete:
            self._left.popleft()
        return self._left.popleft() if self._left else None

    def job(self, number: int) -> Job:
        """The job of a run."""
        return self.runs[number].job

    def command(self, number: int) -> list[str]:
        """The command that starts a run, or continues one that was stopped."""
        run = self.runs[number]
        last = [override("run_dir", run.folder.absolute()), override("sweep", self.name)]
        if not any(o.startswith("ckpt_path=") for o in run.overrides):
            last.append("ckpt_path=auto")
        return [*self.program, *run.overrides, *last]

    def label(self, number: int) -> str:
        """The overrides that tell a run from the others."""
        return self.runs[number].label

    def note_id(self, number: int, id: str) -> None:
        """Records nothing: a job is found again by its name."""

    def end(self, number: int, code: int | None, unseen: bool) -> bool:
        """Reports how a run ended; a failed run waits for the next launch."""
        run = self.runs[number]
        outcome = read_outcome(run.folder, run.monitor, code)
        if outcome.end == End.COMPLETE:
            log.info("finished: %s: %s %.4g", run.label, run.monitor, outcome.value)
        else:
            self.failed[run] = outcome
            shown = tail(run.folder, LINES_SHOWN)
            log.error("failed: %s: %s\n%s", run.label, outcome.reason, shown)
        return False
