"""The model of a finished run predicts as it was tested."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from run_folders import write_trained

import softsym
from softsym.cli import export, predict, report
from softsym.cli.run_config import run_config
from softsym.datamodules.arrays import ArraysDataModule
from softsym.runs.errors import UserError

DOCS = Path(__file__).parents[2] / "docs"
COMMANDS = {"predict": predict.main, "export": export.main, "report": report.main}
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
    report.main([str(run.folder), "--output", str(tmp_path / "again.html")])
    page = (run.folder / "symmetry_report.html").read_text()
    assert "Inputs and targets are standardised" in page
    assert (tmp_path / "again.html").read_text() == page
    model = softsym.load(run.folder)
    seed = run_config(run.folder)["datamodule"]["split_seed"]
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


def test_the_commands_of_the_documentation_do_what_they_say(finished, tmp_path, monkeypatch):
    size = softsym.load(finished.folder).size_in
    np.savez(tmp_path / "new.npz", X=np.random.default_rng(0).normal(size=(5, size)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RUN").symlink_to(finished.folder)
    text = (DOCS / "your_model.md").read_text()
    seen = []
    for line in re.findall(r"^softsym .*", text, re.MULTILINE):
        _, command, *words = shlex.split(line, comments=True)
        seen.append(command)
        if "onnx" not in words:  # an extra
            COMMANDS[command](words)
    assert set(seen) == set(COMMANDS)
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 6
    assert {p.name for p in tmp_path.glob("*.*")} >= {"model.pt2", "model.safetensors", "page.html"}


def test_what_a_run_does_not_know_is_none(tmp_path):
    run = write_trained(tmp_path / "run")
    fields = {"group": "O(3)", "verdict": "undecided", "estimate": 0.1}
    (run / "verdicts.json").write_text(json.dumps({"o3": fields, "xy": fields}))
    (run / "metrics.json").write_text(json.dumps({"strength/xy": 0.0}))
    o3, xy = softsym.load(run).symmetries
    assert o3 == {"name": "o3", "strength": None, "penalty": None, **fields}
    assert xy["strength"] == 0.0
