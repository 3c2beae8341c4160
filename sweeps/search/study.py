"""The study of a search: Optuna's record of its trials, in the journal of the search's folder."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState

from softsym.runs.errors import UserError
from softsym.runs.layout import JOURNAL
from softsym.runs.optuna_journal import REASON, TAIL, Damage, journal_storage, load_study
from softsym.runs.outcome import End, Outcome
from softsym.sweeps.search.space import Choice, Parameter

TRIALS = "trials"
"""The folder of the trials' run folders, in that of the search."""
STATES = {
    End.COMPLETE: TrialState.COMPLETE,
    End.PRUNED: TrialState.PRUNED,
    End.FAILED: TrialState.FAIL,
    End.KILLED: TrialState.FAIL,
}


class Study:
    """Asks Optuna for trials and tells it how they ended.

    The sampler of each trial is seeded by the search's seed and the trial's number. So it draws
    the same trial from the same results, whether or not sweep.py was killed in between.

    Args:
        folder: The folder of the search.
        create: Open the study to write, and make it if there is none; otherwise nothing changes.

    Raises:
        UserError: If there is no study; if its journal is damaged and ``create`` asks to write;
            if there are trials without a journal.
    """

    def __init__(self, folder: Path, create: bool = False) -> None:
        self.path = folder / JOURNAL
        self.damage: Damage | None = None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        if create:
            self.optuna = _open(folder)
            return
        if not self.path.exists():
            raise _no_search(folder)
        self.optuna, self.damage = load_study(self.path)

    @property
    def name(self) -> str:
        """Name of the study."""
        return self.optuna.study_name

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials that have begun."""
        trials = self.optuna.get_trials(deepcopy=False)
        return [trial for trial in trials if trial.state != TrialState.WAITING]

    @property
    def best(self) -> FrozenTrial | None:
        """The complete trial with the smallest value; None if there is none."""
        return next(iter(complete(self.trials)), None)

    def begin_with(self, params: Mapping[str, Choice]) -> None:
        """Makes these the first trial, if none has begun."""
        if not self.optuna.get_trials(deepcopy=False):
            self.optuna.enqueue_trial(dict(params))

    def ask(self, space: Sequence[Parameter], seed: int, startup: int) -> FrozenTrial:
        """Draws a new trial; the first ``startup`` trials are drawn at random."""
        digest = hashlib.sha256(f"{seed}/{len(self.trials)}".encode()).digest()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # options of the sampler are called experimental
            self.optuna.sampler = TPESampler(
                seed=int.from_bytes(digest[:4], "big"),
                n_startup_trials=startup,
                multivariate=True,
                constant_liar=True,  # else trials that run at once would be drawn close together
            )
            trial = self.optuna.ask({p.key: p.distribution() for p in space})
        return self.trial(trial.number)

    def trial(self, number: int) -> FrozenTrial:
        """One trial in its present state."""
        return self.optuna.get_trials(deepcopy=False)[number]

    def note(self, trial: FrozenTrial, **values: Any) -> None:
        """Writes notes about a trial into the journal."""
        for key, value in values.items():
            self.optuna._storage.set_trial_user_attr(trial._trial_id, key, value)

    def note_settings(self, **values: Any) -> None:
        """Writes those notes about the study into the journal that have changed."""
        for key, value in values.items():
            if self.optuna.user_attrs.get(key) != value:
                self.optuna.set_user_attr(key, value)

    def tell(self, trial: FrozenTrial, outcome: Outcome, output: str = "") -> None:
        """Records how a trial ended, with the last lines of its output if they matter."""
        notes = {REASON: outcome.reason, TAIL: output}
        self.note(trial, **{key: text for key, text in notes.items() if text})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a trial that is pruned before it reported
            state = STATES[outcome.end]
            value = outcome.value if state == TrialState.COMPLETE else None
            self.optuna.tell(trial.number, value, state)


def complete(trials: Iterable[FrozenTrial]) -> list[FrozenTrial]:
    """The complete trials, the best first."""
    valued = [(t.value, t) for t in trials if t.state == TrialState.COMPLETE]
    ranked = [(value, trial.number, trial) for value, trial in valued if value is not None]
    return [trial for _, _, trial in sorted(ranked, key=lambda entry: entry[:2])]


def _open(folder: Path) -> optuna.Study:
    path, trials = folder / JOURNAL, trial_folders(folder)
    if trials and not (path.exists() and path.stat().st_size):
        raise UserError(
            f"{path} is {'empty' if path.exists() else 'missing'}, but there are trials in "
            f"{folder / TRIALS}. Put the journal back, or start another search with name=<name>."
        )
    try:
        storage = journal_storage(path)
    except UserError as error:
        raise UserError(
            f"{error} The file stays as it is. Put a good copy in its place, continue with the "
            "trials before the damage by repair=true, or start another search with name=<name>."
        ) from None
    names = [study.study_name for study in storage.get_all_studies()]
    open_study = optuna.load_study if names else optuna.create_study
    return open_study(study_name=[*names, folder.name][0], storage=storage)


def trial_folders(folder: Path) -> dict[int, Path]:
    """The run folders of a search's trials by number."""
    found = (folder / TRIALS).glob("*")
    return {int(path.name): path for path in found if re.fullmatch(r"\d{1,9}", path.name)}


def _no_search(folder: Path) -> UserError:
    others = sorted(path.parent.name for path in folder.parent.glob(f"*/{JOURNAL}"))
    known = f" There are: {', '.join(others)}." if others else ""
    return UserError(
        f"There is no search in {str(folder)!r}.{known} Name one with search=<name>, name=<name> "
        "or folder=<folder>."
    )
