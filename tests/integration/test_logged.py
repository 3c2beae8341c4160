"""What the loggers kept, read back: history, config, summary, media, groups and tags."""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import re
import signal
import time

import pytest
import torch
import yaml
from wandb_file import offline_runs

NAMES = ("xy", "yz", "xz", "o3")
EVERY = ("logger=wandb", "module.log_every_n_epochs=1")


@pytest.fixture(scope="module")
def logged(logged_run):
    (run,) = offline_runs(logged_run.folder)
    return run


def strengths_file(run):
    """Strengths and penalties by symmetry and epoch, as strengths.csv has them."""
    return {
        name: {
            int(row["epoch"]): (float(row["strength"]), float(row["penalty"]))
            for row in run.strengths
            if row["name"] == name
        }
        for name in NAMES
    }


def csv_rows(run):
    with (run.folder / "csv" / "version_0" / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def last_checkpoint(run):
    return torch.load(run.folder / "checkpoints" / "last.ckpt", weights_only=True)


@pytest.mark.parametrize("name", NAMES)
def test_both_logs_hold_the_strengths_of_every_epoch(logged_run, logged, name):
    wanted = strengths_file(logged_run)[name]
    rows = {int(r["epoch"]): r for r in csv_rows(logged_run) if r[f"strength/{name}"]}
    assert list(wanted) == list(range(24)) == list(rows)
    for column, kind in enumerate(("strength", "penalty")):
        of_file = {epoch: pair[column] for epoch, pair in wanted.items()}
        assert logged.column(f"{kind}/{name}") == of_file
        assert {epoch: float(row[f"{kind}/{name}"]) for epoch, row in rows.items()} == of_file


def test_checkpoint_holds_the_same_history(logged_run):
    tuning = last_checkpoint(logged_run)["callbacks"]["StrengthTuning"]
    wanted = strengths_file(logged_run)
    assert tuning["symmetries"] == list(NAMES)
    for column, key in enumerate(("strengths", "penalties")):
        for index, name in enumerate(NAMES):
            of_checkpoint = dict(
                zip(tuning["epochs"].tolist(), tuning[key][:, index].tolist(), strict=True)
            )
            assert of_checkpoint == {epoch: pair[column] for epoch, pair in wanted[name].items()}


def test_all_end_with_the_same_strengths(logged_run, logged):
    callbacks = last_checkpoint(logged_run)["callbacks"]
    for name in NAMES:
        final = logged_run.metrics[f"strength/{name}"]
        assert callbacks[f"Regularizer[{name}]"]["strength"] == final
        assert logged.summary[f"strength/{name}"] == final
        assert max(logged.column(f"strength/{name}").items())[1] == final


def test_summary_holds_the_tested_model(logged_run, logged):
    wanted = {f"test/equivariance_error/{n}" for n in NAMES}
    wanted |= {f"test/moved/{n}/mse" for n in NAMES}
    wanted |= {f"symmetry/{n}/{k}" for n in NAMES for k in ("p", "lower", "upper", "estimate")}
    assert {"test/mse", "ood/mse", "val/mse", *wanted} <= logged_run.metrics.keys()
    for key, value in logged_run.metrics.items():
        assert logged.summary[key] == value


def test_config_is_that_of_the_run(logged_run, logged):
    stored = yaml.safe_load((logged_run.folder / "config.yaml").read_text())
    for key in ("seed", "name", "regularizers", "policy", "network", "datamodule", "trainer"):
        assert logged.config[key] == stored[key]


def test_media_are_the_pictures_of_the_report(logged_run, logged):
    (part,) = (logged_run.folder / "wandb").glob("offline-run-*")
    figures = {path.stem for path in (logged_run.folder / "figures").iterdir()}
    assert {"breaks", "moved_test", "strengths", "penalties", "predictions"} == figures
    for name in figures:
        entry = logged.summary[f"figures/{name}"]
        assert entry["_type"] == "images/separated"
        (file,) = entry["filenames"]
        assert file in logged.files
        picture = (part / "files" / file).read_bytes()
        assert picture == (logged_run.folder / "figures" / f"{name}.png").read_bytes()


def test_table_has_a_row_for_each_symmetry(logged_run, logged):
    (part,) = (logged_run.folder / "wandb").glob("offline-run-*")
    table = json.loads((part / "files" / logged.summary["symmetries"]["path"]).read_text())
    tested = ["p", "lower", "estimate", "upper"]
    assert table["columns"] == ["symmetry", "strength", "penalty", "model_error", *tested]
    metrics = logged_run.metrics
    assert [row[0] for row in table["data"]] == list(NAMES)
    for name, strength, penalty, error, *numbers in table["data"]:
        assert strength == metrics[f"strength/{name}"]
        assert penalty == metrics[f"penalty/{name}"]
        assert error == metrics[f"test/equivariance_error/{name}"]
        assert numbers == [metrics[f"symmetry/{name}/{column}"] for column in tested]


def test_run_says_its_name_group_and_tags(logged_run, logged):
    assert logged.finished
    assert logged.run.project == "softsym"
    assert logged.run.display_name == "quickstart"
    assert logged.run.job_type == "train"
    assert logged.run.run_group == "mine"
    assert list(logged.run.tags) == ["a", "b"]
    assert "log in" not in logged_run.output.lower()


def test_workspace_asks_for_nothing_that_is_not_logged(logged_run, logged):
    if not importlib.util.find_spec("wandb_workspaces"):
        pytest.skip("the extra 'dashboard' is not installed")
    from softsym.dashboards.contents import from_folder
    from softsym.dashboards.wandb_workspace import build

    options = argparse.Namespace(entity=None, project=None, name=None)
    contents = from_folder(logged_run.folder)
    model = build(contents, options)._to_model()
    page = json.dumps(model.model_dump(mode="json", by_alias=True, exclude_none=True))
    asked = set(re.findall(r'"(?:summary:)?((?:\w+/)+[\w/]+)"', page)) - {"wandb/bar/v0"}
    asked -= {"wandb/scatter/v0"}
    assert {f"figures/{name}" for name in contents.figures} <= asked
    assert asked <= logged.keys
    assert {f"{kind}/{n}" for kind in ("strength", "penalty") for n in NAMES} <= asked
    assert {key for key in logged.keys if key.startswith(("test/", "ood/", "val/"))} <= asked
    assert '"value": "symmetries"' in page
    assert "symmetries" in logged.keys


@pytest.mark.parametrize("launcher", ["basic", pytest.param("local", marks=pytest.mark.slow)])
def test_sweep_is_one_group_of_tagged_runs(launcher, train, tmp_path):
    sweep = ("hydra.sweep.dir=sweeps/mine", f"hydra/launcher={launcher}", "-m")
    train("seed=0,1", *EVERY, "trainer.max_epochs=14", *sweep)
    folders = {path.parent for path in (tmp_path / "sweeps" / "mine").glob("*/metrics.json")}
    runs = sorted((run for f in folders for run in offline_runs(f)), key=lambda r: r.config["seed"])
    assert len(folders) == len(runs) == 2
    assert len({run.run.run_id for run in runs}) == 2
    for job, run in enumerate(runs):
        assert run.run.run_group == "sweeps/mine"
        assert list(run.run.tags) == ["quickstart", "sweep"]
        assert re.match(rf"quickstart .*seed={job}", run.run.display_name)
        assert run.config["seed"] == job
        assert len(run.column("strength/xy")) == 14
        assert run.finished


def test_continued_run_is_the_same_run_with_later_steps(train):
    settings = (*EVERY, "scheduler.T_max=24")
    train(*settings, "trainer.max_epochs=14")
    run = train(*settings, "ckpt_path=last")
    first, second = offline_runs(run.folder)
    assert first.run.run_id == second.run.run_id
    assert first.history[-1]["_step"] < second.history[0]["_step"]
    both = first.column("strength/xy") | second.column("strength/xy")
    wanted = {epoch: pair[0] for epoch, pair in strengths_file(run)["xy"].items()}
    assert both == wanted
    assert len(wanted) == 24


@pytest.mark.slow
def test_killed_run_keeps_its_id(train):
    settings = (*EVERY, "scheduler.T_max=24")
    process = train.start(*settings, "trainer.max_epochs=100000")
    checkpoint = train.folder / "run" / "checkpoints" / "last.ckpt"
    patience = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < patience:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    train.finish(process)
    (before,) = (train.folder / "run" / "wandb").glob("offline-run-*")
    run = train(*settings, "trainer.max_epochs=60", "ckpt_path=last")
    assert offline_runs(run.folder)[-1].run.run_id == before.name.rpartition("-")[2]
    assert len(list((run.folder / "wandb").glob("offline-run-*"))) == 2
