"""The loop of every sweep: some jobs at once, and the next one as soon as a job ends.

A sweep outlives the process that runs this loop: its jobs go on, and what they have achieved is in
their folders. The next process finds the jobs by their names, follows those that still run, and
starts the rest.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Protocol

from softsym.runs.errors import UserError
from softsym.sweeps.executors import Executor, Job, Status, SubmitError

log = logging.getLogger(__name__)


class Jobs(Protocol):
    """The jobs of a sweep: which ones there are, and what follows from their ends."""

    def attach(self, executor: Executor) -> dict[int, Job]:
        """Jobs by number that an earlier process started and that may still run."""

    def next(self) -> int | None:
        """Number of the next job to start; None if there is none."""

    def job(self, number: int) -> Job:
        """A job by its number."""

    def command(self, number: int) -> list[str]:
        """The command of a job."""

    def label(self, number: int) -> str:
        """The name of a job for people."""

    def note_id(self, number: int, id: str) -> None:
        """Records the id that the executor gave a job."""

    def end(self, number: int, code: int | None, unseen: bool) -> bool:
        """Handles the end of a job; returns whether to start it again.

        The exit code is None if unknown; ``unseen`` jobs were never seen alive by this process.
        """


@dataclass
class SlotLoop:
    """Runs the jobs of a sweep to their ends, at most ``slots`` at a time."""

    jobs: Jobs
    executor: Executor
    slots: int
    stop_seconds: float = 0  # how long to wait for jobs that are to save and end
    _alive: dict[int, Job] = field(default_factory=dict)
    _waiting: deque[int] = field(default_factory=deque)
    _unseen: set[int] = field(default_factory=set)
    _states: dict[int, str] = field(default_factory=dict)

    def run(self) -> None:
        """Runs until every job has ended; if no job can be started, it raises a UserError."""
        self._alive = self.jobs.attach(self.executor)
        self._unseen = set(self._alive)
        try:
            while self._fill() or self._alive:
                time.sleep(self.executor.poll_seconds)
                self._look()
        except UserError:
            self._stop()
            raise
        except (KeyboardInterrupt, SystemExit):  # Ctrl-C, or the signal of a scheduler
            self._leave()
            raise

    def _fill(self) -> bool:
        """Starts jobs in the free slots; returns whether some job still has to be started."""
        while len(self._alive) < self.slots:
            if not self._waiting:
                number = self.jobs.next()
                if number is None:
                    return False
                self._waiting.append(number)
            if not self._start(self._waiting[0]):
                break
            self._waiting.popleft()
        return True

    def _start(self, number: int) -> bool:
        job = self.jobs.job(number)
        try:
            id = self.executor.submit(job, self.jobs.command(number))
        except SubmitError as error:
            status = (self.executor.poll({number: job}) or {}).get(number)
            if status is not None and status.seen:
                # another launcher of the same sweep has been faster: follow its job
                self._note(number, status.id)
                self._unseen.add(number)
                return True
            if not self._alive:  # nothing that ends could make room
                raise UserError(f"No job can be started. {error}") from None
            log.warning("%s has to wait: %s", self.jobs.label(number), error)
            return False
        self._note(number, id)
        log.info("%s started (job %s)", self.jobs.label(number), id)
        return True

    def _note(self, number: int, id: str) -> None:
        self._alive[number] = replace(self.jobs.job(number), id=id)
        self.jobs.note_id(number, id)

    def _look(self) -> None:
        """Asks the executor about all jobs, and handles those that have ended."""
        for number, status in (self.executor.poll(self._alive) or {}).items():
            if status.alive:
                self._hear(number, status)
                continue
            del self._alive[number]
            unseen = number in self._unseen
            self._unseen.discard(number)
            if self.jobs.end(number, status.code, unseen):
                self._waiting.append(number)

    def _hear(self, number: int, status: Status) -> None:
        """Records the id of a job, and reports its state when that is news."""
        if status.id and status.id != self._alive[number].id:
            self._note(number, status.id)  # the last process was killed before it recorded it
        if not status.seen:
            return
        label, last = self.jobs.label(number), self._states.get(number)
        if number in self._unseen:
            self._unseen.discard(number)
            log.info("%s still lives (job %s, %s)", label, status.id, status.state)
        elif status.state != last and (last is not None or "(" in status.state):
            # brackets hold the reason why SLURM keeps a job waiting
            log.info("%s: %s", label, status.state)
        self._states[number] = status.state

    def _leave(self) -> None:
        """Says which jobs go on without this process, or has them save and end."""
        again = "The same command continues the sweep."
        if not self._alive:
            log.warning("Stopped. %s", again)
        elif self.executor.survives:
            ids = ", ".join(job.id for job in self._alive.values())
            log.warning("Stopped. The jobs go on (%s). %s", ids, again)
        else:
            labels = ", ".join(self.jobs.label(number) for number in self._alive)
            log.warning("Stopping: %s save and end. %s", labels, again)
            if not self._stop() and self.stop_seconds:
                log.warning("They have not ended yet and go on.")

    def _stop(self) -> bool:
        """Has all jobs save and end; returns whether they ended in time."""
        self.executor.stop(list(self._alive.values()))
        deadline = time.monotonic() + self.stop_seconds
        while time.monotonic() < deadline:
            statuses = self.executor.poll(self._alive) or {}
            if not any(status.alive for status in statuses.values()):
                return True
            time.sleep(max(self.executor.poll_seconds, 0.2))  # squeue must not be flooded
        return False
