"""A selection by environments, from one command to its page."""

from __future__ import annotations

import json
from statistics import median

import numpy as np
import pytest
import yaml

from softsym.reporting.stored import stored_summary
from softsym.reporting.verdicts import headline

SETTINGS = (
    *("experiment=arrays", "logger=csv", "datamodule.group_key=subject", "datamodule.split=part"),
    *("datamodule.rep_in=T1", "datamodule.rep_out=T1", "dim=2", "largest_group=O(2)"),
    *("symmetries=[SO(2)]", "select=leave_one_environment_out", "policy=heldout"),
    *("channels=8", "hidden_layers=1", "trainer.max_epochs=16", "threads=1"),
    "callbacks.early_stopping.patience=4",
)
FILES = ("metrics.json", "strengths.csv", "verdicts.json")


def write_subjects(path, test=None):
    """Four subjects, of whom the second alone is not symmetric; ``test`` poisons the last."""
    draw = np.random.default_rng(0)
    x = draw.standard_normal((480, 2))
    subject = np.arange(480) // 120
    y = x * np.linalg.norm(x, axis=1, keepdims=True)
    y[subject == 1, 0] += 1.5 * x[subject == 1, 1]
    y += 0.02 * draw.standard_normal(y.shape)
    part = np.array(["train", "train", "val", "test"])[subject]
    if test is not None:
        x[part == "test"], y[part == "test"] = test, -test
    np.savez(path, X=x, Y=y, subject=np.array([f"s{k}" for k in subject]), part=part)
    return f"datamodule.file={path}"


def read(folder, name):
    return json.loads((folder / name).read_text())


@pytest.fixture(scope="module")
def selected(tmp_path_factory, trainer_in):
    folder = tmp_path_factory.mktemp("selection")
    trainer = trainer_in(folder)
    given = (*SETTINGS, write_subjects(folder / "data.npz"), f"run_dir={folder / 'run'}")
    run = trainer.run(*given, tiny=False)
    assert run.returncode == 0, run.output
    return trainer, given, run


def test_the_final_training_takes_what_the_folds_chose(selected):
    _, _, run = selected
    folds = [run.folder / f"fold_{k}" for k in range(3)]
    records = [read(fold, "run.json") for fold in folds]
    assert [each["fold"]["environments"] for each in records] == [[f"s{k}"] for k in range(3)]
    config = yaml.safe_load((run.folder / "config.yaml").read_text())
    epochs = median(each["epochs"] for each in records)
    assert config["trainer"]["max_epochs"] == config["scheduler"]["T_max"] == epochs
    assert len(run.strengths) == epochs
    last = []
    for fold, record in zip(folds, records, strict=True):
        rows = (fold / "strengths.csv").read_text().splitlines()
        last.append(float(rows[record["epochs"]].split(",")[2]))
    assert len(set(last)) > 1
    assert {float(row["strength"]) for row in run.strengths} == {median(last)}
    assert not (run.folder / "checkpoints" / "best.ckpt").exists()
    scores = [read(fold, "metrics.json")["val/mse"] for fold in folds]
    assert run.metrics["val/mse"] == pytest.approx(sum(scores) / 3)
    assert run.metrics["test/last_model"] == 1.0


def test_the_environment_that_disagrees_is_named(selected):
    _, _, run = selected
    said = "Environments disagree on SO(2): broken in s1"
    assert said in " ".join(run.output.split())
    assert said in (run.folder / "symmetry_report.html").read_text()
    assert "broken in s1" in read(run.folder, "verdicts.json")["SO(2)"]["note"]
    assert "select_fold" not in read(run.folder, "run.json")["command"]
    stored = stored_summary(run.folder)
    assert [each.label for each in stored.environments] == ["s0", "s1", "s2"]
    assert said in headline(stored)


def test_nothing_of_the_test_reaches_a_fold(selected, tmp_path):
    trainer, _, run = selected
    poisoned = write_subjects(tmp_path / "data.npz", test=1e6)
    again = trainer.run(
        *SETTINGS, poisoned, "select_fold=2", f"run_dir={tmp_path / 'one'}", tiny=False
    )
    assert again.returncode == 0, again.output
    for name in FILES:
        assert (again.folder / name).read_bytes() == (run.folder / "fold_2" / name).read_bytes()


def test_what_has_finished_is_not_trained_again(selected):
    trainer, given, run = selected
    kept = {path: path.stat().st_mtime_ns for path in run.folder.glob("fold_*/run.json")}
    (run.folder / "fold_2" / "run.json").unlink()
    (run.folder / "run.json").unlink()
    again = trainer.run(*given, tiny=False)
    assert again.returncode == 0, again.output
    for path, time in kept.items():
        assert (path.stat().st_mtime_ns == time) == (path.parent.name != "fold_2")
    assert again.metrics == run.metrics
