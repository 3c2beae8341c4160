"""The command line of the grid, and the grid as a user runs it."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import paper
from benchmarks.grid.console import slots
from benchmarks.grid.plan import ABLATION, Recipe

ROOT = Path(__file__).resolve().parents[2]


def test_defaults():
    given = paper.arguments([])
    assert (given.scale, given.seeds, given.out) == (1.0, [0, 1, 2], Path("outputs/paper"))
    assert len(given.tasks) == 9
    assert len(given.models) == 8


def test_quick():
    given = paper.arguments(["--quick"])
    assert (given.scale, given.seeds) == (paper.QUICK_SCALE, [0])
    assert given.out == Path("outputs/paper_quick")


def test_ablation():
    given = paper.arguments(["--ablation"])
    assert (given.tasks, given.models) == (["inertia_z"], list(ABLATION))
    assert given.out == Path("outputs/ablation")
    given = paper.arguments(["--ablation", "--tasks", "cosine_so3", "--models", "best", "--quick"])
    assert (given.tasks, given.models) == (["cosine_so3"], ["best"])
    assert given.out == Path("outputs/ablation_quick")


def test_families_of_tasks():
    assert len(paper.arguments(["--tasks", "se3", "se3_t3", "dials"]).tasks) == 8 + 13


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--tasks", "inertia"], "no task 'inertia'; choose of inertia_z"),
        (["--scale", "0"], "--scale must be a finite number above 0; got 0"),
        (["--scale", "nan"], "--scale must be a finite number above 0; got nan"),
        (["--out", __file__], "test_paper.py is a file"),
        (["--seeds", "-1"], "--seeds must be at least 0; got -1"),
        (["--jobs", "0"], "--jobs must be at least 1; got 0"),
        (["--models", "cnn"], "invalid choice: 'cnn'"),
    ],
)
def test_mistakes(given, message, capsys):
    with pytest.raises(SystemExit):
        paper.arguments(given)
    assert message in capsys.readouterr().err


def test_gpus_take_turns():
    given = paper.arguments(["--gpus", "0", "1", "--jobs", "3"])
    assert slots(given.jobs, given.gpus) == ["0", "1", "0"]
    assert slots(paper.arguments(["--jobs", "3"]).jobs) == [None] * 3


def test_seeds_and_models_count_once(tmp_path):
    given = paper.arguments(["--models", "per", "per", "--seeds", "0", "0"])
    recipe = Recipe("inertia_z", "per", (), 10)
    assert given.models == ["per"]
    assert len(paper.planned([recipe], given.seeds, tmp_path)) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--tasks", "cosine_so3", "--models", "per_sl3"], "None of the tasks has a recipe for"),
        (["--report-only", "--tasks", "inertia_z", "--models", "mlp"], "There is no grid in"),
    ],
)
def test_nothing_to_do(given, message, tmp_path):
    done = run(*given, "--out", str(tmp_path / "none"))
    assert done.returncode == 2
    assert message in done.stdout


def run(*arguments):
    command = [sys.executable, "benchmarks/paper.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_wrong_override_stops_before_anything_runs(tmp_path):
    out = tmp_path / "grid"
    done = run("--tasks", "inertia_z", "--set", "no_such=1", "--out", str(out))
    assert done.returncode == 2
    assert "no_such" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not out.exists()


@pytest.mark.slow
def test_a_small_grid_from_start_to_report(tmp_path):
    out = tmp_path / "grid"
    small = ["--set", "datamodule.samples=40", "channels=12", "hidden_layers=1"]
    models = ["--models", "per", "mlp", "oracle"]
    done = run("--tasks", "inertia_z", *models, "--quick", *small, "--out", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["model"], r["status"], r["epochs"]) for r in rows] == [
        ("per", "done", "160"),
        ("mlp", "done", "160"),
        ("oracle", "done", "160"),
    ]
    assert all(float(r["ood/mse"]) > 0 for r in rows)
    assert float(rows[2]["test/paper_equivariance_error/xy"]) < 1e-4
    assert (out / "figures" / "recovery.png").exists()
    again = run("--tasks", "inertia_z", *models, "--quick", *small, "--out", str(out))
    assert again.returncode == 0
    other = run("--tasks", "inertia_z", *models, "--quick", "--out", str(out))
    assert other.returncode == 2
    assert "holds a run with other settings" in other.stdout.replace("\n", " ")
