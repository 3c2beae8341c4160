from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from run_folders import write_run, write_sweep

from softsym.runs.reading import Run, find_runs, read_run


def test_runs_are_found_once_and_not_inside_what_runs_keep(tmp_path):
    write_sweep(tmp_path / "sweep", strengths=(1.0,), seeds=2)
    write_run(tmp_path / "sweep" / "0" / "below")
    for place in ("checkpoints", "wandb/offline-run-1/files", "csv", ".submitit/1"):
        folder = tmp_path / "sweep" / "1" / place
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("seed: 0")
    found = list(find_runs([tmp_path, tmp_path / "sweep" / "0"]))
    names = [folder.relative_to(tmp_path).as_posix() for folder in found]
    assert names == ["sweep/0", "sweep/0/below", "sweep/1"]


def test_folds_are_parts_of_the_run_above(tmp_path):
    for folder in ("fold_0", "fold_1"):
        write_run(tmp_path / "one" / folder)
    assert len(list(find_runs([tmp_path]))) == 2
    write_run(tmp_path / "other").rename(tmp_path / "moved")
    (tmp_path / "moved" / "config.yaml").rename(tmp_path / "one" / "config.yaml")
    assert list(find_runs([tmp_path])) == [tmp_path / "one"]
    assert list(find_runs([tmp_path / "one" / "fold_1"])) == [tmp_path / "one" / "fold_1"]


def test_a_run_tells_what_its_folder_holds(tmp_path):
    run = read_run(write_run(tmp_path / "run", seed=2, strength=3.0))
    assert (run.status, run.seed, run.monitor, run.seconds) == ("finished", 2, "val/mse", 10.5)
    assert run.config["regularizers.xy.strength"] == 3.0
    assert run.choices == {"network": "mlp", "logger": "csv"}
    assert run.symmetries == ("xy", "yz", "xz", "o3")
    assert run.metrics["strength/xy"] == run.final_strength("xy")
    assert run.problems == ()


def test_curves_keep_what_changes(tmp_path):
    run = read_run(write_run(tmp_path / "run", epochs=40))
    epochs, values = run.curves["xy"]
    assert epochs.tolist() == [0, 10, 39]
    assert values[0] == 10.0
    assert values[1] == values[2] == run.metrics["strength/xy"]


def test_long_curves_are_thinned(tmp_path):
    folder = write_run(tmp_path / "run")
    draw = np.random.default_rng(0).random(5000)
    rows = [f"{epoch},xy,{value},1" for epoch, value in enumerate(draw)]
    (folder / "strengths.csv").write_text("\n".join(["epoch,name,strength,penalty", *rows]))
    epochs, values = read_run(folder).curves["xy"]
    assert len(epochs) <= 122
    assert values.max() == draw.max()


@pytest.mark.parametrize("status", ["finished", "interrupted", "pruned", "unfinished"])
def test_how_a_run_ended(tmp_path, status):
    run = read_run(write_run(tmp_path / "run", status=status))
    assert run.status == status
    assert run.final_strength("xy") > 0


@pytest.mark.parametrize("name", ["metrics.json", "run.json", "cost.json", "started.json"])
@pytest.mark.parametrize("text", ['{"val/mse": 0.', "[]", "\x00", "{"])
def test_damaged_files_are_named_and_left_out(tmp_path, name, text):
    folder = write_run(tmp_path / "run")
    (folder / name).write_text(text)
    run = read_run(folder)
    (problem,) = run.problems
    assert problem.startswith(str(folder / name))
    assert run.config["seed"] == 0


def test_bytes_that_are_no_text_are_named(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "metrics.json").write_bytes(b"\xff\xfe\x00")
    assert "metrics.json cannot be read" in read_run(folder).problems[0]


def test_an_empty_table_is_named(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "strengths.csv").write_text("")
    run = read_run(folder)
    assert run.curves == {}
    assert "strengths.csv is empty or lacks the columns epoch, name, strength" in run.problems[0]


def test_a_table_cut_off_is_shown_as_far_as_it_goes(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "strengths.csv").write_text("epoch,name,strength,penalty\n0,xy,2.0,1\n1,xy")
    run = read_run(folder)
    assert run.curves["xy"][1].tolist() == [2.0]
    assert "strengths.csv is damaged" in run.problems[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "cannot be read"), ("a: 1", "is not the config"), ("", "is not the config")],
)
def test_a_config_that_is_none_says_so(tmp_path, text, message):
    (tmp_path / "config.yaml").write_text(text)
    assert message in read_run(tmp_path)


def test_values_that_are_no_numbers_are_kept_apart(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "metrics.json").write_text(json.dumps({"a": float("nan"), "b": "x", "c": True}))
    assert list(read_run(folder).metrics) == ["a"]


@pytest.mark.parametrize(
    ("recorded", "overrides", "command"),
    [
        ("python train.py seed=1 run_dir=/x", (), "python train.py seed=1"),
        ("python train.py -m seed=1,2", ("seed=2",), "python train.py seed=2"),
        ("python train.py a=1", ("a=1",), "python train.py a=1"),
        ("", ("g='SL(3)'", "ckpt_path=last"), "python train.py 'g='\"'\"'SL(3)'\"'\"''"),
        ("", (), ""),
    ],
)
def test_the_command_runs_the_run_again_elsewhere(recorded, overrides, command):
    run = Run(Path("x"), overrides=overrides, record={"command": recorded})
    assert run.command == command
