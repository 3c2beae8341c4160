"""The loop of a search: as many trials at once as there are slots, a new one when one ends."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from optuna.trial import FrozenTrial, TrialState

from softsym.runs.errors import UserError
from softsym.runs.optuna_journal import EXECUTOR, JOB, REASON, RESTARTS
from softsym.runs.outcome import End, Outcome, read_outcome, tail
from softsym.sweeps.executors import Executor, Job, Status, SubmitError
from softsym.sweeps.progress import counts, ended, line
from softsym.sweeps.settings import Settings
from softsym.sweeps.study import Study
from softsym.sweeps.trials import Trials

log = logging.getLogger(__name__)


@dataclass
class Search:
    """One search, from wherever it stands to its last trial.

    The journal is the only memory: whatever ends this process, the next one reads there which
    trials were running, and finds their jobs by folder and name.

    Attributes:
        study: The study.
        trials: What trials run as.
        executor: Where new ones run.
        settings: How many, how many at once, ...
        monitor: Metric to minimize.
        report: Writes the report; called now and then.
    """

    study: Study
    trials: Trials
    executor: Executor
    settings: Settings
    monitor: str
    report: Callable[[], None]

    def __post_init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self._to_start: deque[int] = deque()
        self._unknown: set[int] = set()
        self._errors: list[str] = []
        self._reported_at = 0

    def run(self) -> None:
        """Runs trials until so many as asked for have ended.

        Raises:
            UserError: If all of the first trials end with the same user's error, or no job can be
                started.
        """
        self._attach()
        try:
            while self._fill() or self.jobs or self._to_start:
                time.sleep(self.executor.poll_seconds)
                self._collect()
        except UserError:
            self.executor.stop(list(self.jobs.values()))
            raise
        except KeyboardInterrupt:
            self._leave()
            raise
        if self._reported_at != ended(self.study.trials) or not self._reported_at:
            self.report()
        self._require_a_result()

    def _attach(self) -> None:
        """Takes over trials that were running when the last sweep.py ended."""
        for trial in self.study.running:
            if set(trial.params) != {p.key for p in self.trials.plan.space}:
                reason = "sweep.py was killed while it was drawn"
                self.study.tell(trial, Outcome(End.FAILED, reason=reason))
                continue
            started_by = trial.user_attrs.get(EXECUTOR, self.executor.kind)
            if started_by != self.executor.kind:
                raise UserError(
                    f"Trial {trial.number} was started with executor={started_by}: continue the "
                    f"search with it until no trial runs. (This is executor={self.executor.kind}.)"
                )
            self.jobs[trial.number] = self.trials.job(trial.number, trial.user_attrs.get(JOB, ""))
        if self.jobs:
            numbers = ", ".join(map(str, self.jobs))
            log.info("Trials that were running when sweep.py ended: %s.", numbers)
            self._unknown = set(self.jobs)

    def _fill(self) -> bool:
        """Starts trials in free slots; false if there is nothing left to start."""
        while len(self.jobs) < self.settings.slots:
            if not self._to_start:
                if len(self.study.trials) >= self.settings.n_trials:
                    return False
                self._to_start.append(self._ask())
            if not self._start(self._to_start[0]):
                break
            self._to_start.popleft()
        return True

    def _ask(self) -> int:
        settings, space = self.settings, self.trials.plan.space
        return self.study.ask(space, settings.seed, settings.startup_trials).number

    def _start(self, number: int) -> bool:
        trial, job = self.study.trial(number), self.trials.job(number)
        self.study.note(trial, **{EXECUTOR: self.executor.kind})
        try:
            id = self.executor.submit(job, self.trials.command(number, trial.params))
        except SubmitError as error:
            if not self.jobs:
                raise UserError(f"No job can be started. {error}") from None
            log.warning("trial %d has to wait: %s", number, error)
            return False
        self.study.note(trial, **{JOB: id})
        self.jobs[number] = self.trials.job(number, id)
        log.info("trial %d started (job %s)", number, id)
        return True

    def _collect(self) -> None:
        """Looks at all jobs, and tells the study of those that have ended."""
        found = self.executor.poll(self.jobs)
        for number, status in (found or {}).items():
            if status.alive:
                self._still_there(number, status)
            else:
                del self.jobs[number]
                self._gone(self.study.trial(number), status.code)

    def _still_there(self, number: int, status: Status) -> None:
        if status.id and status.id != self.jobs[number].id:
            self.study.note(self.study.trial(number), **{JOB: status.id})
            self.jobs[number] = self.trials.job(number, status.id)
        if number in self._unknown and status.state != "ending":
            self._unknown.discard(number)
            log.info("trial %d still lives (job %s, %s)", number, status.id, status.state)

    def _gone(self, trial: FrozenTrial, code: int | None) -> None:
        folder = self.trials.folder_of(trial.number)
        outcome = read_outcome(folder, self.monitor, code)
        if outcome.end == End.KILLED and self._may_restart(trial, code):
            self._to_start.append(trial.number)
            return
        failed = outcome.end in (End.FAILED, End.KILLED)
        self.study.tell(trial, outcome, tail(folder) if failed else "")
        self._errors.append(outcome.error or "")
        trials = self.study.trials
        log.info(line(self.study.trial(trial.number), trials, *self._size))
        self._stop_if_all_fail_alike(trials)
        every = self.settings.report_every
        if every and ended(trials) >= self._reported_at + every:
            self._reported_at = ended(trials)
            self.report()

    @property
    def _size(self) -> tuple[int, int]:
        return self.settings.n_trials, self.settings.slots

    def _may_restart(self, trial: FrozenTrial, code: int | None) -> bool:
        """Whether a trial whose job was killed gets another job, which continues it."""
        if trial.number in self._unknown:
            self._unknown.discard(trial.number)
            if code is None:  # it ended with nobody looking, as when a machine is restarted
                log.info("trial %d is gone: it is continued.", trial.number)
                return True
        restarts = trial.user_attrs.get(RESTARTS, 0)
        if restarts >= self.settings.retries:
            return False
        self.study.note(trial, **{RESTARTS: restarts + 1})
        log.warning("trial %d was killed (exit code %s): it is continued.", trial.number, code)
        return True

    def _stop_if_all_fail_alike(self, trials: list[FrozenTrial]) -> None:
        """What is wrong with the first trials is wrong with all of them."""
        alike = len(set(self._errors)) == 1 and self._errors[0] != ""
        fine = any(t.state in (TrialState.COMPLETE, TrialState.PRUNED) for t in trials)
        if alike and not fine and len(self._errors) >= max(2, self.settings.slots):
            raise UserError(
                f"The first {len(self._errors)} trials all ended with this error: "
                f"{self._errors[0]} Output: {self.trials.folder_of(trials[0].number)}/output.log"
            )

    def _require_a_result(self) -> None:
        trials = self.study.trials
        if self.study.best is None and not counts(trials).get("pruned"):
            raise UserError(
                f"No trial of {len(trials)} has a result. The last one: "
                f"{trials[-1].user_attrs.get(REASON)}."
            )

    def _leave(self) -> None:
        """After Ctrl-C: says what goes on, or lets it save and end."""
        again = "The same command continues the search."
        if not self.jobs:
            log.warning("Stopped. %s", again)
        elif self.executor.survives:
            ids = ", ".join(job.id for job in self.jobs.values())
            log.warning("Stopped. The jobs go on (%s). %s", ids, again)
        else:
            numbers = ", ".join(map(str, self.jobs))
            log.warning("Stopping: trials %s save and end. %s", numbers, again)
            self.executor.stop(list(self.jobs.values()))
            self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        deadline = time.monotonic() + self.settings.stop_seconds
        while time.monotonic() < deadline:
            found = self.executor.poll(self.jobs) or {}
            if not any(status.alive for status in found.values()):
                return
            time.sleep(0.2)
        log.warning("They have not ended yet and go on.")
