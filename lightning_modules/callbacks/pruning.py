"""Stops a trial of a search that falls behind the others."""

from __future__ import annotations

import json
import logging
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lightning import Callback, LightningModule, Trainer

from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.runs.optuna_journal import journal_storage

if TYPE_CHECKING:
    from optuna.trial import Trial

log = logging.getLogger(__name__)


class OptunaPruning(Callback):
    """Asynchronous successive halving (ASHA), from inside the job of a trial.

    After ``min_epochs``, and each time so many times longer as ``reduction_factor`` says, a trial
    goes on only if it is among the best ``1 / reduction_factor`` of those that came so far. What
    is compared is the best value of the monitored metric since the strengths have settled, as
    that of the model that will be tested. Nothing is reported before the strengths have settled:
    values under strengths that are still being tuned say little about the trial. So
    ``min_epochs`` should be more than twice the largest ``adjust_epoch`` of the search.

    A pruned training ends after the epoch with its last checkpoint. The process leaves
    ``pruned.json``, no test and no report, and ends with exit code 0.

    Only rank 0 talks to the study; all ranks stop after the same epoch. An epoch that is trained
    again after a resume is not reported again. If the journal cannot be reached the training goes
    on without.

    Args:
        journal: The journal file of the search.
        study: Name of the study.
        trial: Number of the trial.
        monitor: Metric to compare, the lower the better.
        path: File that says that the trial was pruned.
        min_epochs: Epochs that every trial gets.
        reduction_factor: One trial in so many goes on.
        every_n_epochs: How often a value is reported, for pictures, beside those of the ladder.
        spared: So many first trials are never pruned, as there is little to compare with yet.

    Raises:
        ValueError: If a number is too small.
    """

    def __init__(
        self,
        journal: str | Path,
        study: str,
        trial: int,
        monitor: str,
        path: str | Path,
        min_epochs: int,
        reduction_factor: int = 3,
        every_n_epochs: int = 50,
        spared: int = 4,
    ) -> None:
        least = {"min_epochs": 1, "reduction_factor": 2, "every_n_epochs": 1, "spared": 0}
        for name, lowest in least.items():
            given = locals()[name]
            if not isinstance(given, int) or given < lowest:
                raise ValueError(
                    f"{name} of pruning must be a whole number of at least {lowest}; got {given}."
                )
        self.journal, self.study, self.trial = Path(journal), study, trial
        self.monitor, self.path = monitor, Path(path)
        self.min_epochs, self.reduction_factor = min_epochs, reduction_factor
        self.every_n_epochs, self.spared = every_n_epochs, spared
        self.best = math.inf
        self.pruned = False
        self._trial: Trial | None = None
        self._reachable = True

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends at once where the trial was pruned before, as when its job was requeued."""
        self.pruned = trainer.strategy.broadcast(self.path.exists())
        if self.pruned:
            raise SystemExit(0)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reports at the epochs it should, and stops all ranks if the trial falls behind."""
        epochs = trainer.current_epoch + 1
        if epochs <= cast(SymmetryModule, pl_module).tuning.policy.settled_epoch:
            return
        value = trainer.callback_metrics.get(self.monitor)
        if value is not None:
            self.best = min(self.best, float(value))
        if not self._due(epochs) or math.isinf(self.best) or trainer.should_stop:
            return
        behind = trainer.is_global_zero and self._falls_behind(epochs)
        if trainer.strategy.broadcast(behind) and epochs != trainer.max_epochs:
            self._prune(trainer, epochs)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the process of a pruned trial: nobody waits for its test."""
        if self.pruned:
            raise SystemExit(0)

    def state_dict(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continues with it."""
        self.best = state_dict["best"]

    def _due(self, epochs: int) -> bool:
        past = epochs - self.min_epochs
        return past >= 0 and (past % self.every_n_epochs == 0 or self._on_ladder(epochs))

    def _on_ladder(self, epochs: int) -> bool:
        rung = self.min_epochs
        while rung < epochs:
            rung *= self.reduction_factor
        return rung == epochs

    def _falls_behind(self, epochs: int) -> bool:
        if not self._reachable:
            return False
        try:
            trial = self._trial = self._trial or self._load()
            if epochs not in trial.storage.get_trial(trial._trial_id).intermediate_values:
                trial.report(self.best, epochs)
            return trial.should_prune() and self.trial >= self.spared
        except Exception as error:
            # a disk that is full, or a study that is gone, is no reason to lose the training
            log.warning("No more pruning in this run: the journal cannot be reached (%s).", error)
            self._reachable = False
            return False

    def _load(self) -> Trial:
        import optuna  # noqa: PLC0415

        if not self.journal.exists():
            raise FileNotFoundError(f"there is no {self.journal}")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.load_study(
            study_name=self.study,
            storage=journal_storage(self.journal),
            sampler=optuna.samplers.RandomSampler(),
            pruner=optuna.pruners.SuccessiveHalvingPruner(self.min_epochs, self.reduction_factor),
        )
        ids = {found.number: found._trial_id for found in study.get_trials(deepcopy=False)}
        return optuna.trial.Trial(study, ids[self.trial])

    def _prune(self, trainer: Trainer, epochs: int) -> None:
        self.pruned = trainer.should_stop = True
        if not trainer.is_global_zero:
            return
        log.info("Pruned after %d epochs: %s is %.4g.", epochs, self.monitor, self.best)
        found = {"epochs": epochs, "monitor": self.monitor, "value": self.best}
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        os.replace(partial, self.path)
