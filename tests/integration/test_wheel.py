"""What users install: the wheel holds all it needs and trains from any folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from warm_python import ROOT, plain_environment

LEFT_OUT = (
    ".venv*",
    ".git",
    "outputs",
    "multirun",
    "build",
    "*.egg-info",
    "__pycache__",
    ".*_cache",
)
SHORT = (
    *("trainer.max_epochs=5", "policy.epoch=2", "threads=1", "logger=csv"),
    *("network.channels=16", "datamodule.samples=64", "run_dir=run"),
)


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={k: v for k, v in plain_environment().items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The scripts of an environment that holds the wheel; only its dependencies are shared."""
    folder = tmp_path_factory.mktemp("wheel")
    # a build leaves files behind in its source folder
    shutil.copytree(ROOT, folder / "source", ignore=shutil.ignore_patterns(*LEFT_OUT))
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        folder,
        ".",
        cwd=folder / "source",
    )
    shutil.rmtree(folder / "source")
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False, symlinks=True)
    python = folder / "env" / "bin" / "python"
    place = Path(
        run(python, "-c", "import site; print(site.getsitepackages()[0])", cwd=folder).strip()
    )
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "-q",
        "--no-deps",
        wheel,
        cwd=folder,
    )
    # behind the environment's own packages, so that softsym comes from the wheel
    (place / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "env" / "bin"


def test_trains_from_an_empty_folder(installed, tmp_path):
    where = run(installed / "python", "-c", "import softsym; print(softsym.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert Path(where.strip()).with_name("py.typed").exists()
    output = run(installed / "softsym", "train", *SHORT, cwd=tmp_path)
    assert "Report: " in output
    assert (tmp_path / "run" / "symmetry_report.html").exists()
    assert '"command": "softsym train ' in (tmp_path / "run" / "started.json").read_text()
    assert "symmetry_report.html" in run(installed / "softsym", "report", "run", cwd=tmp_path)
    assert "overview.html" in run(installed / "softsym", "report", ".", cwd=tmp_path)


def test_a_project_of_ones_own_trains(installed, tmp_path):
    run(installed / "softsym", "init", "mine", cwd=tmp_path)
    run(installed / "python", "test_own.py", cwd=tmp_path / "mine")
    grid = ("-m", "seed=0,1", "hydra/launcher=local", "experiment=first", *SHORT[:4])
    run(installed / "softsym", "train", *grid, cwd=tmp_path / "mine")
    assert len(list((tmp_path / "mine").glob("multirun/first/*/symmetry_report.html"))) == 2
    # names that are rooms here may be packages of the user's own
    (tmp_path / "mine" / "metrics").mkdir()
    (tmp_path / "mine" / "metrics" / "__init__.py").write_text("mine = True\n")
    code = "import softsym.metrics, metrics; print(metrics.mine, softsym.metrics.ade.__name__)"
    assert run(installed / "python", "-c", code, cwd=tmp_path / "mine") == "True ade\n"


def test_groups_are_shown_from_any_folder(installed, tmp_path):
    assert "rank" in run(installed / "softsym", "groups", "SO(3)", "T2", cwd=tmp_path)
