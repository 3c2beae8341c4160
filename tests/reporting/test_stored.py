"""The page of a run from its folder, whole or not."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from reporting_samples import moved_tracks, symmetry_test
from run_folders import write_run

from softsym.metrics import Verdict
from softsym.reporting.predictions import Predictions
from softsym.reporting.stored import report_run, stored_summary
from softsym.runs.errors import UserError


@pytest.fixture
def folder(tmp_path):
    """A run whose verdicts are those of the samples."""
    made = write_run(tmp_path / "run")
    test = symmetry_test()
    (made / "verdicts.json").write_text(json.dumps(test.to_dict()))
    metrics = json.loads((made / "metrics.json").read_text())
    value, low, high = test.explained["all"]
    metrics |= {"r2": value, "r2/lower": low, "r2/upper": high}
    (made / "metrics.json").write_text(json.dumps(metrics))
    return made


def test_what_was_written_comes_back(folder):
    moved_tracks().save(folder / "predictions.npz")
    summary = stored_summary(folder)
    wanted = symmetry_test()
    assert summary.test.to_dict() == wanted.to_dict()
    assert summary.test.explained == wanted.explained
    assert [r.name for r in summary.symmetries] == ["xy", "yz", "xz", "o3"]
    assert summary.symmetries[0].strength == summary.metrics["strength/xy"]
    assert len(summary.history) == 24 * 4
    assert summary.seconds == 8.5
    assert summary.predictions.track_dim == 2
    for name, array in moved_tracks().moved.items():
        np.testing.assert_array_equal(summary.predictions.moved[name], array)


def test_bounds_that_are_not_finite_come_back():
    unbounded = replace(symmetry_test()["xz"], upper=math.inf, blocks={"T0": (0.0, 0.1, 0.2)})
    stored = json.loads(json.dumps(unbounded.to_dict()))
    again = Verdict.from_dict(stored)
    assert again.upper == math.inf
    assert math.isnan(again.alpha)
    assert again.blocks == unbounded.blocks
    with pytest.raises(ValueError, match="no fields of a verdict"):
        Verdict.from_dict({"group": "O(3)"})


def test_an_untested_run_says_why(folder):
    fields = {"group": "O(3)", "verdict": "no verdict: too few samples", "how": "none"}
    (folder / "verdicts.json").write_text(json.dumps({"o3": fields}))
    (folder / "metrics.json").write_text("{}")
    summary = stored_summary(folder)
    assert summary.test is None
    assert summary.untested == "too few samples"


def test_what_is_damaged_is_left_out_and_said(folder, caplog):
    (folder / "predictions.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "strengths.csv").write_text("epoch,name,strength,penalty\n0,xy,much,1\n")
    (folder / "verdicts.json").write_text(json.dumps({"xy": {"group": "O(2)@xy"}}))
    report_run(folder, folder / "page.html")
    assert "<html" in (folder / "page.html").read_text()
    for name in ("predictions.npz", "strengths.csv", "verdicts.json"):
        assert name in caplog.text


def test_a_run_that_goes_on_has_a_page(tmp_path, capsys):
    running = write_run(tmp_path / "run", status="unfinished")
    report_run(running, running / "page.html")
    assert "The run was unfinished in epoch 23" in (running / "page.html").read_text()
    assert "Run unfinished" in capsys.readouterr().out


def test_a_folder_without_a_run_is_answered(tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1")
    with pytest.raises(UserError, match=r"is not the config of a run\. Give the folder of a run"):
        stored_summary(tmp_path)


def test_a_file_of_other_arrays_is_no_predictions(tmp_path):
    np.savez(tmp_path / "x.npz", X=np.zeros(3))
    with pytest.raises(ValueError, match="holds no predictions"):
        Predictions.load(tmp_path / "x.npz")
