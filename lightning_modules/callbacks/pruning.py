"""Stops a trial of a search that falls behind the others."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lightning import Callback, LightningModule, Trainer

from softsym.lightning_modules.symmetry_module import SymmetryModule
from softsym.runs.files import write_json
from softsym.runs.optuna_journal import journal_storage
from softsym.symmetries.numbers import require_whole

if TYPE_CHECKING:
    from optuna.trial import Trial

log = logging.getLogger(__name__)


class OptunaPruning(Callback):
    """Asynchronous successive halving (ASHA), from inside the job of a trial.

    A trial is compared after ``min_epochs`` epochs, and again each time it has trained
    ``reduction_factor`` times longer. It continues if it is among the best ``1 / reduction_factor``
    of the trials that got as far. The compared value is the best of the monitored metric since the
    strengths settled, which is that of the model that will be tested. Earlier values are not
    reported: under strengths that are still being tuned they say little about the trial. So
    ``min_epochs`` should be more than twice the largest ``adjust_epoch`` of the search.

    A pruned training ends after the epoch with its last checkpoint. The process writes
    ``pruned.json`` instead of a test and a report, and ends with exit code 0.

    Only rank 0 talks to the study; all ranks stop after the same epoch. An epoch that is trained
    again after a resume is not reported again. If the journal cannot be reached, the training
    continues without pruning.

    Args:
        journal: The journal file of the search.
        study: Name of the study.
        trial: Number of the trial.
        monitor: Metric to compare, the lower the better.
        path: File that records that the trial was pruned.
        min_epochs: Number of epochs that every trial gets.
        reduction_factor: Number of trials of which one continues, at each comparison.
        every_n_epochs: Interval between two epochs whose values are reported for pictures alone.
        spared: Number of initial trials exempt from pruning, which have little to compare with.
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
            require_whole(f"{name} of pruning", locals()[name], lowest)
        self.journal, self.study, self.trial = Path(journal), study, trial
        self.monitor, self.path = monitor, Path(path)
        self.min_epochs, self.reduction_factor = min_epochs, reduction_factor
        self.every_n_epochs, self.spared = every_n_epochs, spared
        self.best = math.inf
        self.pruned = False
        self._trial: Trial | None = None
        self._reachable = True

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends at once if the trial was pruned before, as after a requeue of its job."""
        self.pruned = trainer.strategy.broadcast(self.path.exists())
        if self.pruned:
            raise SystemExit(0)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Reports the best value if one is due, and stops all ranks if the trial falls behind."""
        epochs = trainer.current_epoch + 1
        if epochs <= cast(SymmetryModule, pl_module).tuning.policy.settled_epoch:
            return
        value = trainer.callback_metrics.get(self.monitor)
        if value is not None:
            self.best = min(self.best, float(value))
        if not self._is_due(epochs) or math.isinf(self.best) or trainer.should_stop:
            return
        behind = trainer.is_global_zero and self._falls_behind(epochs)
        if trainer.strategy.broadcast(behind) and epochs != trainer.max_epochs:
            self._prune(trainer, epochs)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the process of a pruned trial, which needs no test."""
        if self.pruned:
            raise SystemExit(0)

    def state_dict(self) -> dict[str, Any]:
        """Returns the best value so far."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the best value."""
        self.best = state_dict["best"]

    def _is_due(self, epochs: int) -> bool:
        past = epochs - self.min_epochs
        return past >= 0 and (past % self.every_n_epochs == 0 or self._on_ladder(epochs))

    def _on_ladder(self, epochs: int) -> bool:
        """Whether trials are compared after this epoch: min_epochs times a power of the factor."""
        rung = self.min_epochs
        while rung < epochs:
            rung *= self.reduction_factor
        return rung == epochs

    def _falls_behind(self, epochs: int) -> bool:
        if not self._reachable:
            return False
        try:
            trial = self._trial = self._trial or self._load_trial()
            if epochs not in trial.storage.get_trial(trial._trial_id).intermediate_values:
                trial.report(self.best, epochs)
            return trial.should_prune() and self.trial >= self.spared
        except Exception as error:
            # neither a full disk nor a deleted study is a reason to lose the training
            log.warning("No more pruning in this run: the journal cannot be reached (%s).", error)
            self._reachable = False
            return False

    def _load_trial(self) -> Trial:
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
        ids = {trial.number: trial._trial_id for trial in study.get_trials(deepcopy=False)}
        return optuna.trial.Trial(study, ids[self.trial])

    def _prune(self, trainer: Trainer, epochs: int) -> None:
        self.pruned = trainer.should_stop = True
        if not trainer.is_global_zero:
            return
        log.info("Pruned after %d epochs: %s is %.4g.", epochs, self.monitor, self.best)
        write_json(self.path, {"epochs": epochs, "monitor": self.monitor, "value": self.best})
