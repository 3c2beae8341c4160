"""The jobs of a search: each is a trial, which Optuna draws when a slot is free."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from softsym.runs.errors import UserError
from softsym.runs.optuna_journal import EXECUTOR, JOB, REASON, RESTARTS, counts
from softsym.runs.outcome import End, Outcome, read_outcome, tail
from softsym.runs.text import require_plain
from softsym.sweeps.command_line import ACTIONS
from softsym.sweeps.executors import Executor, Job, require_whole
from softsym.sweeps.search.status import ended, progress_line
from softsym.sweeps.search.study import Study
from softsym.sweeps.search.trials import Trials
from softsym.sweeps.slot_loop import SlotLoop

log = logging.getLogger(__name__)

# Smallest value of each whole number.
LEAST = {"n_trials": 1, "slots": 1, "startup_trials": 1, "retries": 0, "seed": 0, "report_every": 0}


@dataclass(frozen=True)
class Settings:
    """Settings that may change each time a search is continued; see ``conf/sweep.yaml``."""

    action: str
    folder: Path
    n_trials: int
    slots: int
    retries: int
    seed: int
    startup_trials: int
    report_every: int
    stop_seconds: float
    command: tuple[str, ...]
    repair: bool = False


def make_settings(config: Mapping[str, Any]) -> Settings:
    """Checks the settings of the composed config."""
    if config["action"] not in ACTIONS:
        raise UserError(f"action={config['action']}: choose one of {', '.join(ACTIONS)}.")
    for key, lowest in LEAST.items():
        require_whole(key, config[key], lowest)
    if not re.fullmatch(r"[\w.-]+", str(config["name"])):
        raise UserError(
            f"name={config['name']}: a search's name has only letters, digits, '.', '_' and '-'."
        )
    values = {each.name: config[each.name] for each in fields(Settings) if each.name in config}
    if not isinstance(config["folder"], str) or not config["folder"].strip():
        raise UserError(f"folder must be the path of a folder; got {config['folder']!r}.")
    require_plain("folder", config["folder"])
    values["folder"] = Path(config["folder"]).absolute()
    values["command"] = tuple(str(word) for word in config["command"])
    return Settings(**values)


@dataclass
class Search:
    """Runs a search until it has the number of trials that was asked for.

    The journal is its only memory: whatever ends this process, the next one reads there which
    trials were running, and finds their jobs by folder and name.
    """

    study: Study
    trials: Trials
    executor: Executor
    settings: Settings
    monitor: str  # the metric to minimize
    report: Callable[[], None]  # writes the report of the search
    _errors: list[str] = field(default_factory=list)
    _reported_at: int = 0

    def run(self) -> None:
        """Runs all trials and writes the report; without any result it raises a UserError."""
        SlotLoop(self, self.executor, self.settings.slots, self.settings.stop_seconds).run()
        if self._reported_at != ended(self.study.trials) or not self._reported_at:
            self.report()
        trials = self.study.trials
        if self.study.best is None and "pruned" not in counts(trials):
            reason = trials[-1].user_attrs.get(REASON)
            raise UserError(f"No trial of {len(trials)} has a result. The last one: {reason}.")

    def attach(self, executor: Executor) -> dict[int, Job]:
        """Jobs of all trials that were running when the last sweep.py ended.

        A trial that was started with another executor raises a UserError.
        """
        jobs = {}
        for trial in self.study.trials:
            if trial.state != TrialState.RUNNING:
                continue
            if set(trial.params) != {p.key for p in self.trials.plan.space}:
                # Optuna stores one parameter after the other: these are not the trial's values
                reason = "sweep.py was killed while it was drawn"
                self.study.tell(trial, Outcome(End.FAILED, reason=reason))
                continue
            started_by = trial.user_attrs.get(EXECUTOR, executor.kind)
            if started_by != executor.kind and self._may_have_started(trial):
                raise UserError(
                    f"Trial {trial.number} was started with executor={started_by}: continue the "
                    f"search with it until no trial runs. (This is executor={executor.kind}.)"
                )
            # a process that was killed right after drawing has not noted the executor
            self.study.note(trial, **{EXECUTOR: executor.kind})
            jobs[trial.number] = self.trials.job(trial.number, trial.user_attrs.get(JOB, ""))
        if jobs:
            log.info("Trials that were running when sweep.py ended: %s.", ", ".join(map(str, jobs)))
        return jobs

    def _may_have_started(self, trial: FrozenTrial) -> bool:
        """Whether a trial may have a job: a number, or files that one leaves before it has one."""
        folder = self.trials.folder_of(trial.number)
        return JOB in trial.user_attrs or (folder.exists() and any(folder.iterdir()))

    def next(self) -> int | None:
        """Draws a trial, as long as there are fewer than asked for."""
        settings = self.settings
        if len(self.study.trials) >= settings.n_trials:
            return None
        trial = self.study.ask(self.trials.plan.space, settings.seed, settings.startup_trials)
        self.study.note(trial, **{EXECUTOR: self.executor.kind})
        return trial.number

    def job(self, number: int) -> Job:
        """The job of a trial."""
        return self.trials.job(number)

    def command(self, number: int) -> list[str]:
        """The command that starts or continues a trial."""
        return self.trials.command(number, self.study.trial(number).params)

    def label(self, number: int) -> str:
        """Such as ``trial 3``."""
        return f"trial {number}"

    def note_id(self, number: int, id: str) -> None:
        """Notes the id of a trial's job in the journal."""
        self.study.note(self.study.trial(number), **{JOB: id})

    def end(self, number: int, code: int | None, unseen: bool) -> bool:
        """Tells the study how a trial ended, unless the trial is to be continued."""
        trial, folder = self.study.trial(number), self.trials.folder_of(number)
        outcome = read_outcome(folder, self.monitor, code)
        if outcome.end == End.KILLED and self._may_restart(trial, code, unseen):
            return True
        failed = outcome.end in (End.FAILED, End.KILLED)
        self.study.tell(trial, outcome, tail(folder) if failed else "")
        self._errors.append(outcome.error or "")
        trials, settings = self.study.trials, self.settings
        log.info(progress_line(self.study.trial(number), trials, settings.n_trials, settings.slots))
        self._stop_if_all_fail_alike(trials)
        every = settings.report_every
        if every and ended(trials) >= self._reported_at + every:
            self._reported_at = ended(trials)
            self.report()
        return False

    def _may_restart(self, trial: FrozenTrial, code: int | None, unseen: bool) -> bool:
        """Whether a trial whose job was killed gets another job, which continues it."""
        if unseen and code is None:
            # Nobody watched it end, as when the machine was restarted: this says nothing against
            # the trial, so that it costs none of its restarts.
            log.info("trial %d is gone: it is continued.", trial.number)
            return True
        restarts = trial.user_attrs.get(RESTARTS, 0)
        if restarts >= self.settings.retries:
            return False
        self.study.note(trial, **{RESTARTS: restarts + 1})
        log.warning("trial %d was killed (exit code %s): it is continued.", trial.number, code)
        return True

    def _stop_if_all_fail_alike(self, trials: list[FrozenTrial]) -> None:
        """Ends the search if its first trials share an error, which then all trials share."""
        alike = len(set(self._errors)) == 1 and self._errors[0] != ""
        fine = any(t.state in (TrialState.COMPLETE, TrialState.PRUNED) for t in trials)
        if alike and not fine and len(self._errors) >= max(2, self.settings.slots):
            raise UserError(
                f"The first {len(self._errors)} trials all ended with this error: "
                f"{self._errors[0]} Output: {self.trials.folder_of(trials[0].number)}/output.log"
            )
