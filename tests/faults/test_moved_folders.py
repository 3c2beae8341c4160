"""A run folder may be renamed, moved or copied: what resumes there ends as in place."""

from __future__ import annotations

import shutil

import pytest
from integration.conftest import Trainer


@pytest.fixture(scope="module")
def trained(tmp_path_factory, warm):
    """A finished run in a folder that the command line named by a relative path."""
    folder = tmp_path_factory.mktemp("trained")
    Trainer(folder, warm)("run_dir=here/run")
    return folder / "here" / "run"


def moved(run, folder):
    shutil.move(run, folder)


def copied(run, folder):
    """Beside an original whose models are no longer those of the run."""
    shutil.copytree(run, folder)
    for path in (run / "checkpoints").iterdir():
        path.write_bytes(b"of another run")


PLACES = [("renamed", moved, "here/b"), ("moved", moved, "a/deep er/run"), ("copied", copied, "c")]


@pytest.mark.parametrize(("happens", "place"), [p[1:] for p in PLACES], ids=[p[0] for p in PLACES])
def test_the_best_model_comes_along(happens, place, trained, tmp_path, warm):
    run = tmp_path / "here" / "run"
    shutil.copytree(trained, run)
    before = (trained / "metrics.json").read_text()
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    happens(run, tmp_path / place)
    (tmp_path / place / "metrics.json").unlink()
    again = Trainer(tmp_path, warm)(f"run_dir='{place}'", "ckpt_path=last")
    assert "Resuming from" in again.output
    assert (tmp_path / place / "metrics.json").read_text() == before


def test_a_run_that_goes_on_in_another_folder_takes_its_best_model_along(trained, tmp_path, warm):
    last = trained / "checkpoints" / "last.ckpt"
    again = Trainer(tmp_path, warm)("run_dir=new", f"ckpt_path={last}")
    assert (tmp_path / "new" / "metrics.json").read_text() == (trained / "metrics.json").read_text()
    assert "Resuming from" in again.output


def test_nothing_in_a_run_folder_is_absolute(trained):
    place = str(trained.parent.parent).encode()
    told = [p for p in trained.rglob("*") if p.is_file() and place in p.read_bytes()]
    assert told == []
    links = [p for p in trained.rglob("*") if p.is_symlink()]
    assert links == []
