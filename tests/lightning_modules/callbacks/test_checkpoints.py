"""The best model is one that was trained with settled strengths."""

import shutil

import pytest
import torch
from lightning import Callback
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from small_runs import UPHILL, fit, planes, weights

from softsym.lightning_modules.callbacks import BestCheckpoint, LastCheckpoint, SettledEarlyStopping
from softsym.regularizers import AdjustOnce

MONITOR = {"monitor": "val/mse", "mode": "min"}


def best_epoch(folder, epochs, kind=BestCheckpoint, policy=None):
    keep = kind(dirpath=folder, filename="best", **MONITOR)
    fit(folder, epochs, keep, regularizers=planes(0.1), policy=policy, optimizer=UPHILL)
    path = folder / "best.ckpt"
    return torch.load(path, weights_only=True)["epoch"] if path.exists() else None


def test_nothing_is_kept_before_strengths_settle(tmp_path):
    assert best_epoch(tmp_path, 4, policy=AdjustOnce(2, 1.0)) is None


def test_the_best_of_those_after(tmp_path):
    # every epoch is worse than the one before: the first that may be kept is the best
    assert best_epoch(tmp_path, 7, policy=AdjustOnce(2, 1.0)) == 4


def test_plain_checkpoints_would_keep_the_first(tmp_path):
    assert best_epoch(tmp_path, 4, ModelCheckpoint, AdjustOnce(2, 1.0)) == 0


def test_with_fixed_strengths_all_count(tmp_path):
    assert best_epoch(tmp_path, 3) == 0


@pytest.mark.parametrize(
    ("kind", "policy", "epochs"),
    [
        (EarlyStopping, AdjustOnce(2, 1.0), 3),
        (SettledEarlyStopping, AdjustOnce(2, 1.0), 7),
        (SettledEarlyStopping, None, 3),
    ],
)
def test_early_stopping_counts_once_settled(kind, policy, epochs, tmp_path):
    stop = kind(patience=2, **MONITOR)
    _, run = fit(tmp_path, 9, stop, regularizers=planes(0.1), policy=policy, optimizer=UPHILL)
    assert run.current_epoch == epochs


@pytest.mark.parametrize("every", [1, 2, 100])
def test_the_last_is_where_training_ended_and_goes_on_from_there(every, tmp_path):
    def run(folder, epochs, resume=None):
        keep = LastCheckpoint(folder, "last", every_n_epochs=every, enable_version_counter=False)
        policy = AdjustOnce(2, 1.0)
        return fit(folder, epochs, keep, regularizers=planes(), policy=policy, resume=resume)[0]

    first = run(tmp_path / "parts", 3)
    path = tmp_path / "parts" / "last.ckpt"
    saved = torch.load(path, weights_only=True)
    assert saved["global_step"] == 3 * 3
    for name, value in first.state_dict().items():
        assert torch.equal(saved["state_dict"][name], value)
    resumed = run(tmp_path / "parts", 5, resume=str(path))
    whole = run(tmp_path / "whole", 5)
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.tuning.history == whole.tuning.history


class Killed(Callback):
    """Ends the run after a number of steps, as a kill does: without a last save."""

    def __init__(self, step):
        self.step = step

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if trainer.global_step == self.step:
            raise RuntimeError("killed")


@pytest.mark.parametrize(("killed_at", "saved"), [(1, 1), (2, 2), (3, 2), (5, 5), (6, 5)])
def test_minutes_save_within_epochs_and_resume_to_the_same_result(killed_at, saved, tmp_path):
    """After every step but the last of an epoch, whose save the next step makes up for."""

    def run(*callbacks, resume=None):
        keep = LastCheckpoint(tmp_path, "last", every_n_epochs=100, every_n_minutes=1e-9)
        policy = AdjustOnce(1, 1.0)
        return fit(
            tmp_path, 3, keep, *callbacks, regularizers=planes(), policy=policy, resume=resume
        )

    with pytest.raises(RuntimeError, match="killed"):
        run(Killed(killed_at))
    path = tmp_path / "last.ckpt"
    assert torch.load(path, weights_only=True)["global_step"] == saved
    resumed, _ = run(resume=str(path))
    whole, _ = run()
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.tuning.history == whole.tuning.history


def test_minutes_that_have_not_passed_save_nothing(tmp_path):
    keep = LastCheckpoint(tmp_path, "last", every_n_epochs=100, every_n_minutes=60)
    with pytest.raises(RuntimeError, match="killed"):
        fit(tmp_path, 3, keep, Killed(5), regularizers=planes())
    assert not (tmp_path / "last.ckpt").exists()


@pytest.mark.parametrize("minutes", [0, -1.0, float("nan"), float("inf"), True, "5"])
def test_bad_minutes(minutes, tmp_path):
    with pytest.raises(ValueError, match=r"every_n_minutes .*must be a finite number above 0; got"):
        LastCheckpoint(tmp_path, "last", every_n_minutes=minutes)


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_the_best_score_is_kept_through_further_epochs(how, tmp_path):
    """Every epoch is worse than the one before: only a kept score keeps the first best model."""

    def run(folder, epochs, resume=None):
        best = BestCheckpoint(folder, "best", "val/mse", enable_version_counter=False)
        last = LastCheckpoint(folder, "last", enable_version_counter=False)
        settings = {"regularizers": planes(0.1), "policy": AdjustOnce(1, 1.0), "resume": resume}
        model, _ = fit(folder, epochs, best, last, optimizer=UPHILL, **settings)
        return weights(model), best

    run(tmp_path / "a", 4)
    how(tmp_path / "a", tmp_path / "b")
    there, best = run(tmp_path / "b", 6, str(tmp_path / "b" / "last.ckpt"))
    run(tmp_path / "c", 4)
    here, expected = run(tmp_path / "c", 6, str(tmp_path / "c" / "last.ckpt"))
    assert torch.equal(there, here)
    assert best.best_model_score == expected.best_model_score
    assert best.best_model_path == str(tmp_path / "b" / "best.ckpt")
    kept = torch.load(tmp_path / "b" / "best.ckpt", weights_only=True)
    assert kept["epoch"] == 2


def test_states_with_absolute_paths_are_read_too(tmp_path):
    """Those of version 0.1.0."""
    best = BestCheckpoint(tmp_path / "now", "best", "val/mse")
    then = {
        "dirpath": "/then/checkpoints",
        "best_model_path": "/then/checkpoints/best.ckpt",
        "best_model_score": torch.tensor(0.5),
        "best_k_models": {"/then/checkpoints/best.ckpt": torch.tensor(0.5)},
        "kth_best_model_path": "/then/checkpoints/best.ckpt",
        "last_model_path": "",
    }
    best.load_state_dict(then)
    here = str(tmp_path / "now" / "best.ckpt")
    assert (best.best_model_path, best.last_model_path) == (here, "")
    assert list(best.best_k_models) == [here]
    assert best.best_model_score == 0.5
