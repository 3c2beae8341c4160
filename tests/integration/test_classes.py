"""Labels of classes from the file to the report."""

from __future__ import annotations

import csv

import numpy as np

from softsym.runs.reading import read_run

SETTLED = 2
"""Epoch from which on the best model is kept: twice that of the adjustment."""


def test_names_of_classes_train_and_the_highest_accuracy_is_the_best(train, tmp_path):
    x = np.random.default_rng(0).normal(size=(200, 6))
    longer = (x[:, :3] ** 2).sum(1) > (x[:, 3:] ** 2).sum(1)
    np.savez(tmp_path / "data.npz", X=x, Y=np.where(longer, "first", "second"))
    run = train(
        *("experiment=arrays", f"datamodule.file={tmp_path / 'data.npz'}", "datamodule.rep_in=2T1"),
        *("loss=cross_entropy", "monitor=val/accuracy", "symmetries=[O(3)]", "logger=csv"),
        *("trainer.max_epochs=12", "adjust_epoch=1", "module.log_every_n_epochs=1"),
        *("optimizer.lr=0.02", "datamodule.batch_size=16", "initial_strength=0.01"),
        tiny=False,
    )
    assert {"test/accuracy", "test/calibration_error", "test/cross_entropy"} <= run.metrics.keys()
    read = read_run(run.folder)
    better_high = [name for name in run.metrics if read.is_better_high(name)]
    assert better_high == ["val/accuracy", "test/accuracy", "test/moved/O(3)/accuracy"]
    (log,) = run.folder.rglob("metrics.csv")
    with log.open() as file:
        told = [float(row["val/accuracy"]) for row in csv.DictReader(file) if row["val/accuracy"]]
    assert min(told[SETTLED:]) < max(told[SETTLED:])
    assert abs(run.metrics["val/accuracy"] - max(told[SETTLED:])) < 1e-6
    page = (run.folder / "symmetry_report.html").read_text()
    assert "Classes: 0 first, 1 second." in page
    assert "The penalty is the relative asymmetry of the function" in page
