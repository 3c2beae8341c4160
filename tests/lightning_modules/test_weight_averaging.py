"""Lightning's averages of weights, and other copies of a module that trains."""

from __future__ import annotations

import copy
import io

import pytest
import torch
from lightning.pytorch.callbacks import (
    EMAWeightAveraging,
    StochasticWeightAveraging,
    WeightAveraging,
)
from small_runs import data, fit, planes, trainer, weights

from softsym.lightning_modules.callbacks import BestCheckpoint, LastCheckpoint

AVERAGES = {
    "swa": lambda: StochasticWeightAveraging(swa_lrs=1e-3),
    "mean": WeightAveraging,
    "ema": lambda: EMAWeightAveraging(decay=0.9),
}


def test_a_copy_leaves_the_trainer_and_the_data_behind(tmp_path):
    model, run = fit(tmp_path, 1, regularizers=planes())
    twin = copy.deepcopy(model)
    assert model._trainer is run
    assert twin._trainer is None
    assert torch.equal(weights(twin), weights(model))
    assert twin.network is not model.network
    retrained = trainer(tmp_path, 2)
    retrained.fit(twin, data())
    assert not torch.equal(weights(twin), weights(model))


def test_an_attached_module_can_be_saved(tmp_path):
    model, _ = fit(tmp_path, 1, regularizers=planes())
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    assert torch.equal(weights(torch.load(file, weights_only=False)), weights(model))


@pytest.mark.parametrize("average", AVERAGES)
def test_an_averaged_training_is_tested_and_resumes(average, tmp_path):
    def run(folder, epochs, resume=None):
        callbacks = (
            AVERAGES[average](),
            BestCheckpoint(folder, "best", "val/mse", enable_version_counter=False),
            LastCheckpoint(folder, "last", enable_version_counter=False),
        )
        return fit(folder, epochs, *callbacks, regularizers=planes(), resume=resume)

    model, done = run(tmp_path, 4)
    best = torch.load(tmp_path / "best.ckpt", weights_only=True)["state_dict"]
    done.test(model, data(), ckpt_path=str(tmp_path / "best.ckpt"), verbose=False)
    # the weights that were validated, which are the averaged ones where a callback averages early
    assert all(torch.equal(w, best[name]) for name, w in model.state_dict().items())
    assert "test/mse" in done.callback_metrics
    resumed, _ = run(tmp_path, 6, str(tmp_path / "last.ckpt"))
    assert torch.isfinite(weights(resumed)).all()
