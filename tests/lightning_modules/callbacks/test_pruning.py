"""Trials that fall behind are stopped, after the strengths have settled, and say so."""

import json
import logging
import math

import pytest
from lightning import Callback
from small_runs import UPHILL, fit, planes

from softsym.lightning_modules.callbacks import LastCheckpoint, OptunaPruning
from softsym.regularizers import AdjustOnce
from softsym.runs.optuna_journal import journal_storage

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")


@pytest.fixture
def study(tmp_path):
    """A study where one other trial was far better after 4 epochs, and its successor waits."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="s",
        storage=journal_storage(tmp_path / "journal.log"),
        pruner=optuna.pruners.SuccessiveHalvingPruner(4, 2),
    )
    first = study.ask()
    first.report(1e-9, 4)
    assert not first.should_prune()
    study.tell(first, 1e-9)
    study.ask()
    return study


def pruning(folder, **settings):
    defaults = {"study": "s", "trial": 1, "monitor": "val/mse", "min_epochs": 4, "spared": 0}
    defaults |= {"reduction_factor": 2, "every_n_epochs": 100}
    files = {"journal": folder / "journal.log", "path": folder / "pruned.json"}
    return OptunaPruning(**files | defaults | settings)


def run(folder, *callbacks, epochs=8, resume=None, **settings):
    policy = AdjustOnce(1, 1.0)
    return fit(
        folder, epochs, *callbacks, regularizers=planes(), policy=policy, resume=resume, **settings
    )


def reported(study, number=1):
    return study.get_trials()[number].intermediate_values


def test_a_trial_that_falls_behind_ends_with_its_checkpoint(study, tmp_path):
    keep = LastCheckpoint(tmp_path, "last", every_n_epochs=100)
    with pytest.raises(SystemExit) as ended:
        run(tmp_path, pruning(tmp_path), keep)
    assert ended.value.code == 0
    assert list(reported(study)) == [4]
    found = json.loads((tmp_path / "pruned.json").read_text())
    assert found == {"epochs": 4, "monitor": "val/mse", "value": reported(study)[4]}
    assert (tmp_path / "last.ckpt").exists()


def test_a_pruned_trial_that_is_started_again_ends_at_once(study, tmp_path):
    (tmp_path / "pruned.json").write_text("{}")
    with pytest.raises(SystemExit):
        run(tmp_path, pruning(tmp_path))
    assert reported(study) == {}


def test_a_good_trial_goes_on_and_reports_the_ladder_and_now_and_then(study, tmp_path):
    study.tell(1, state=optuna.trial.TrialState.FAIL)
    number = study.ask().number
    study.ask()
    other = optuna.create_study(study_name="other", storage=study._storage)
    other.ask()
    settings = {"study": "other", "trial": 0, "min_epochs": 3, "every_n_epochs": 4}
    run(tmp_path, pruning(tmp_path, **settings), epochs=12)
    assert list(reported(other, 0)) == [3, 6, 7, 11, 12]
    assert number == 2


def test_the_first_trials_are_spared(study, tmp_path):
    run(tmp_path, pruning(tmp_path, spared=2))
    assert list(reported(study)) == [4, 8]
    assert not (tmp_path / "pruned.json").exists()


def test_nothing_is_reported_before_the_strengths_have_settled(study, tmp_path):
    settings = {"min_epochs": 1, "every_n_epochs": 1, "spared": 9}
    run(tmp_path, pruning(tmp_path, **settings), epochs=5)
    assert list(reported(study)) == [3, 4, 5]  # settled at twice the epoch of adjustment, 1


def test_what_is_reported_is_the_best_so_far(study, tmp_path):
    settings = {"min_epochs": 1, "every_n_epochs": 1, "spared": 9}
    run(tmp_path, pruning(tmp_path, **settings), epochs=6, optimizer=UPHILL)
    values = list(reported(study).values())
    assert values == [values[0]] * 4


def test_the_last_epoch_is_never_pruned(study, tmp_path):
    run(tmp_path, pruning(tmp_path), epochs=4)
    assert list(reported(study)) == [4]


class Breaks(Callback):
    def on_train_epoch_start(self, trainer, pl_module):
        if trainer.current_epoch == 6:
            raise RuntimeError("killed")


def test_a_resumed_trial_reports_no_epoch_twice(study, tmp_path):
    settings = {"min_epochs": 3, "every_n_epochs": 1, "spared": 9}
    keep = LastCheckpoint(tmp_path, "last", every_n_epochs=4, save_on_train_epoch_end=True)
    with pytest.raises(RuntimeError, match="killed"):
        run(tmp_path, pruning(tmp_path, **settings), keep, Breaks())
    before = reported(study)
    assert list(before) == [3, 4, 5, 6]
    again = pruning(tmp_path, **settings)
    run(tmp_path, again, keep, resume=str(tmp_path / "last.ckpt"))
    assert list(reported(study)) == [3, 4, 5, 6, 7, 8]
    assert before.items() <= reported(study).items()
    assert again.best <= min(before.values())


def test_a_journal_that_cannot_be_reached_ends_no_training(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        _, trainer = run(tmp_path, pruning(tmp_path, min_epochs=3, every_n_epochs=1))
    assert trainer.current_epoch == 8
    assert caplog.text.count("No more pruning in this run") == 1


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("min_epochs", 0, 1), ("reduction_factor", 1, 2), ("every_n_epochs", 0.5, 1)],
)
def test_settings_are_checked(name, value, least, tmp_path):
    with pytest.raises(ValueError, match=f"{name} of pruning .* at least {least}; got {value}"):
        pruning(tmp_path, **{name: value})


def test_the_best_value_travels_in_the_checkpoint(tmp_path):
    one, other = pruning(tmp_path), pruning(tmp_path)
    assert math.isinf(other.best)
    one.best = 0.25
    other.load_state_dict(one.state_dict())
    assert other.best == 0.25
