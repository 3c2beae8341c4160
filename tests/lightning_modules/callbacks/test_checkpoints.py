"""The best model is one that was trained with settled strengths."""

import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from small_runs import UPHILL, fit, planes, weights

from lightning_modules.callbacks import BestCheckpoint, LastCheckpoint, SettledEarlyStopping
from regularizers import AdjustOnce

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
