"""A selection as a list of runs, and what its folds choose."""

from __future__ import annotations

import json

import numpy as np
import pytest
from omegaconf import OmegaConf
from run_folders import write_run

from softsym.cli import resolvers, selection
from softsym.cli.overrides import check_command_line
from softsym.cli.quoting import quoted
from softsym.runs.errors import UserError

SELECT = "select=leave_one_environment_out"


@pytest.fixture(autouse=True)
def finals(monkeypatch):
    resolvers.register()
    monkeypatch.setattr(selection, "FINAL_TRAININGS", [])
    return selection.FINAL_TRAININGS


def command(folder, subjects=6):
    """A file of a few subjects, and the command that selects with it."""
    x = np.random.default_rng(0).standard_normal((60, 3))
    np.savez(folder / "data.npz", X=x, Y=x[:, :1], subject=np.arange(60) % subjects)
    data = [f"datamodule.file={folder / 'data.npz'}", "datamodule.rep_in=T1"]
    return ["experiment=arrays", *data, "datamodule.rep_out=T0", SELECT]


def test_each_fold_and_the_final_training_are_a_run(tmp_path, finals):
    words = [*command(tmp_path), "datamodule.group_key=subject", f"run_dir={tmp_path / 'run'}"]
    place = f"hydra.sweep.dir={quoted(tmp_path / 'run')}"
    folder = "hydra.sweep.subdir=fold_${select_fold}"
    # of six subjects one is in the test
    assert check_command_line(words) == [place, folder, "select_fold=0,1,2,3,4", "--multirun"]
    last = [*words, place, "hydra.sweep.subdir=.", "select_fold=final", "--multirun"]
    assert finals == [(tmp_path / "run", last)]


def test_few_folds_share_the_environments(tmp_path):
    words = [*command(tmp_path), "datamodule.group_key=subject", "select_folds=2"]
    assert "select_fold=0,1" in check_command_line([*words, f"run_dir={tmp_path / 'run'}"])


@pytest.mark.parametrize(
    ("subjects", "more", "message"),
    [
        (6, [], r"labels by datamodule\.group_key="),
        (
            3,
            ["datamodule.group_key=subject", "datamodule.split=[0.34,0.33,0.33]"],
            "Training and validation have 2 environments",
        ),
    ],
)
def test_data_without_environments_are_refused_at_once(
    tmp_path, monkeypatch, subjects, more, message
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        check_command_line([*command(tmp_path, subjects), *more])
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def test_independent_samples_have_no_environments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"Inertia knows no environments.*sets self\.clusters"):
        check_command_line([SELECT])


def write_folds(folder, epochs, strengths):
    """Finished folds with the given epochs and last strengths of their best models."""
    for number, (count, strength) in enumerate(zip(epochs, strengths, strict=True)):
        fold = write_run(folder / f"fold_{number}")
        rows = [f"{e},xy,{strength if e < count else 99.0},0.1" for e in range(count + 5)]
        (fold / "strengths.csv").write_text("\n".join(["epoch,name,strength,penalty", *rows, ""]))
        record = json.loads((fold / "run.json").read_text()) | {"epochs": count}
        record["fold"] = {"number": number, "of": len(epochs), "environments": [f"s{number}"]}
        (fold / "run.json").write_text(json.dumps(record))


def final_config(folder):
    return OmegaConf.create(
        {
            "select_fold": "final",
            "paths": {"output": str(folder)},
            "policy": {"_target_": "softsym.regularizers.Constrain"},
            "regularizers": {"xy": {"strength": 1.0}, "decay": {"strength": 0.2}},
            "trainer": {"max_epochs": 300, "max_steps": -1},
            "scheduler": {"T_max": "${trainer.max_epochs}"},
            "test_model": "best",
            "callbacks": {
                "progress": {"monitor": "val/mse"},
                "best": {"monitor": "val/mse", "mode": "min"},
                "early_stopping": {"monitor": "val/mse", "mode": "min"},
                "pruning": {"study": "s"},
            },
        }
    )


@pytest.mark.parametrize(
    ("strengths", "chosen"),
    [((1.0, 4.0, 100.0), 4.0), ((0.0, 0.0, 5.0), 0.0), ((2.0, 0.5, 8.0, 32.0), 4.0)],
)
def test_the_final_training_takes_medians(tmp_path, strengths, chosen):
    write_folds(tmp_path, [40, 70, 50, 60][: len(strengths)], strengths)
    config = final_config(tmp_path)
    selection.apply_choices(config)
    assert config.policy._target_ == "softsym.regularizers.Fixed"
    assert config.regularizers.xy.strength == pytest.approx(chosen)
    assert config.regularizers.decay.strength == 0.2
    assert (
        config.trainer.max_epochs == config.scheduler.T_max == (50 if len(strengths) == 3 else 55)
    )
    assert config.test_model == "last"
    assert list(config.callbacks) == ["progress"]


def test_other_runs_stay_as_they_are(tmp_path):
    for fold in (None, 0):
        config = final_config(tmp_path)
        config.select_fold = fold
        before = OmegaConf.to_container(config)
        selection.apply_choices(config)
        assert OmegaConf.to_container(config) == before


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_fold_that_is_missing_is_named(tmp_path, lost):
    write_folds(tmp_path, [4, 5, 6], [1.0, 1.0, 1.0])
    (tmp_path / f"fold_{lost}" / "run.json").unlink()
    with pytest.raises(UserError, match=f"those of fold_{lost} have not finished"):
        selection.apply_choices(final_config(tmp_path))
