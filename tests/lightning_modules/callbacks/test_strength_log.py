"""strengths.csv: one row for each symmetry and epoch."""

import csv
import math

import pytest
from lightning import Callback
from lightning.pytorch.callbacks import ModelCheckpoint
from small_runs import data, fit, planes

from softsym.lightning_modules.callbacks import StrengthLog
from softsym.regularizers import AdjustOnce, Constrain
from softsym.runs.strengths import read_strengths


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


class Break(Callback):
    """Fails at the start of an epoch, after saying what the file held by then."""

    def __init__(self, epoch, path):
        self.epoch, self.path = epoch, path

    def on_train_epoch_start(self, trainer, pl_module):
        if trainer.current_epoch == self.epoch:
            self.rows = len(read(self.path)) if self.path.exists() else 0
            raise RuntimeError("broken")


def test_rows_are_the_history(tmp_path):
    path = tmp_path / "strengths.csv"
    model, _ = fit(tmp_path, 3, StrengthLog(path), regularizers=planes(), policy=AdjustOnce(2, 1.0))
    rows = read(path)
    assert list(rows[0]) == ["epoch", "name", "strength", "penalty"]
    written = [
        (int(r["epoch"]), r["name"], float(r["strength"]), float(r["penalty"])) for r in rows
    ]
    assert written == [tuple(row) for row in model.tuning.history]
    assert len(written) == 9
    assert [p.name for p in tmp_path.iterdir()] == ["strengths.csv"]


def test_constraints_have_columns_of_their_own(tmp_path):
    path = tmp_path / "strengths.csv"
    model, _ = fit(tmp_path, 3, StrengthLog(path), regularizers=planes(), policy=Constrain())
    read_back = read_strengths(path)
    assert list(read(path)[0])[4:] == ["asymmetry", "tolerance", "price"]
    final = model.tuning.policy.constraints
    assert {row.name: row[4:] for row in read_back[-3:-1]} == {n: tuple(final[n]) for n in final}
    assert math.isnan(read_back[-1].price)  # O(3) is only watched


def test_written_now_and_then_and_when_a_run_breaks(tmp_path):
    path = tmp_path / "strengths.csv"
    breaking = Break(3, path)
    with pytest.raises(RuntimeError, match="broken"):
        fit(tmp_path, 9, StrengthLog(path, every_n_epochs=2), breaking, regularizers=planes())
    assert len(read(path)) == 3 * 3
    assert breaking.rows == 2 * 3


class BreakInTest(Callback):
    def on_test_batch_start(self, *_):
        raise RuntimeError("broken")


def test_a_test_that_breaks_leaves_the_whole_history(tmp_path):
    """Its model is an earlier one, and brings the history up to then."""
    path = tmp_path / "strengths.csv"
    best = ModelCheckpoint(tmp_path, "first", save_top_k=-1, enable_version_counter=False)
    keep = [StrengthLog(path), BreakInTest(), best]
    model, trainer = fit(tmp_path, 3, *keep, regularizers=planes(), policy=AdjustOnce(2, 1.0))
    first = min(tmp_path.glob("*.ckpt"), key=lambda path: path.stat().st_mtime_ns)
    with pytest.raises(RuntimeError, match="broken"):
        trainer.test(model, data(), ckpt_path=str(first), verbose=False)
    assert len(read(path)) == 3 * 3


def test_a_resume_that_breaks_leaves_what_was_there(tmp_path):
    path = tmp_path / "strengths.csv"
    path.write_text("of before")
    (tmp_path / "last.ckpt").write_bytes(b"half")
    with pytest.raises(KeyError):
        fit(tmp_path, 1, StrengthLog(path), resume=str(tmp_path / "last.ckpt"))
    assert path.read_text() == "of before"


def test_without_symmetries_there_is_the_header(tmp_path):
    fit(tmp_path, 1, StrengthLog(tmp_path / "s.csv"))
    assert (tmp_path / "s.csv").read_text().strip() == "epoch,name,strength,penalty"


def test_bad_interval():
    with pytest.raises(
        ValueError, match="every_n_epochs must be a whole number of at least 1; got 0"
    ):
        StrengthLog("s.csv", every_n_epochs=0)
