"""The model of a finished run predicts as it was tested."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import softsym
from softsym.datamodules.arrays import ArraysDataModule
from softsym.runs.errors import UserError

GROUPS = "symmetries=[O(2)@xy,O(2)@yz]"


def test_a_run_of_arrays_predicts_in_the_units_of_its_file(train, tmp_path):
    rng = np.random.default_rng(0)
    x = 3 * rng.normal(size=(200, 6)) + 1
    y = 50 + 10 * (x[:, :3] * x[:, 3:]).sum(1, keepdims=True)
    np.savez(tmp_path / "data.npz", X=x, Y=y)
    file, types = f"datamodule.file={tmp_path / 'data.npz'}", ("2T1", "T0")
    given = [file, f"datamodule.rep_in={types[0]}", f"datamodule.rep_out={types[1]}"]
    few = ("trainer.max_epochs=3", "adjust_epoch=1", "logger=csv")
    run = train("experiment=arrays", *given, GROUPS, *few, tiny=False)
    model = softsym.load(run.folder)
    config = softsym.cli.trained.read_yaml(run.folder / "config.yaml")["datamodule"]
    seed = config["split_seed"]
    data = ArraysDataModule(str(tmp_path / "data.npz"), *types, split_seed=seed)
    data.setup()
    test = data.splits["test"]
    (x_mean, x_scale), (y_mean, y_scale) = data.scales["inputs"], data.scales["targets"]
    predicted = model(test[0] * x_scale + x_mean)
    error = (predicted - (test[1] * y_scale + y_mean)).square().mean()
    assert error.item() == pytest.approx(run.metrics["test/mse"], rel=1e-4)
    assert [row["name"] for row in model.symmetries] == ["O(2)@xy", "O(2)@yz"]
    assert all(row["strength"] > 0 and row["verdict"] for row in model.symmetries)


def test_typed_networks_know_their_types(finished):
    model = softsym.load(finished.folder)
    assert not model.network.training
    size = model.rep_in.size(3)
    assert model(torch.zeros(1, size)).shape == (1, model.rep_out.size(3))
    assert {row["name"] for row in model.symmetries} >= {"xy", "yz"}


def test_folders_of_others_build_nothing_else(finished, tmp_path):
    text = (finished.folder / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(text.replace("softsym.networks.", "os.path."))
    with pytest.raises(UserError, match="may come from anybody"):
        softsym.load(tmp_path)
    with pytest.raises(UserError, match="no run folder"):
        softsym.load(tmp_path / "nowhere")
