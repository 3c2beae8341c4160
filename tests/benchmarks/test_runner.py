"""Runs in processes of their own; train.py is played by a few lines."""

import json
import os
import signal
import threading
import time

import pytest

from benchmarks.grid import runner

TRAIN = """
import json, os, pathlib, sys, time
given = dict(a.split("=", 1) for a in sys.argv[1:])
folder = pathlib.Path(given["run_dir"].strip("'"))
if given["seed"] == "13":
    raise SystemExit("no luck")
if given["seed"] == "99":
    time.sleep(60)
(folder / "config.yaml").write_text("")
text = {"gpu": os.environ.get("CUDA_VISIBLE_DEVICES"), "arguments": sys.argv[1:]}
(folder / "metrics.json").write_text(json.dumps(text))
"""


@pytest.fixture(autouse=True)
def played(tmp_path, monkeypatch):
    (tmp_path / "train.py").write_text(TRAIN)
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def run_all(runs, slots=(None, None)):
    told = []
    runner.run_all(runs, slots, lambda run, what: told.append((run.seed, what)))
    return sorted(told)


def arguments(run):
    return json.loads((run.folder / "metrics.json").read_text())["arguments"]


def test_a_failure_leaves_the_others_alone(make_run):
    runs = [make_run(seed=seed) for seed in (0, 13, 1)]
    assert run_all(runs) == [(0, "done"), (1, "done"), (13, "failed")]
    assert "no luck" in (runs[1].folder / "grid_run.log").read_text()
    assert [(run.folder / "grid_run.failed").exists() for run in runs] == [False, True, False]


def test_what_is_done_is_not_run_again_and_what_failed_is(make_run):
    runs = [make_run(seed=seed) for seed in (0, 13)]
    run_all(runs)
    before = (runs[0].folder / "metrics.json").stat().st_mtime_ns
    assert run_all(runs) == [(0, "skipped"), (13, "failed")]
    assert (runs[0].folder / "metrics.json").stat().st_mtime_ns == before


def test_a_killed_run_resumes(make_run):
    run = make_run()
    run.folder.mkdir(parents=True)
    run_all([run])
    assert "ckpt_path=last" not in arguments(run)
    (run.folder / "metrics.json").unlink()
    run_all([run])
    assert "ckpt_path=last" in arguments(run)


def test_each_slot_has_its_gpu(make_run):
    runs = [make_run(seed=seed) for seed in range(4)]
    run_all(runs, ("3", "5"))
    found = [json.loads((run.folder / "metrics.json").read_text()) for run in runs]
    assert {one["gpu"] for one in found} <= {"3", "5"}
    assert all("trainer=gpu" in one["arguments"] for one in found)


def test_other_settings_are_refused(make_run):
    run = make_run()
    run_all([run])
    runner.require_same_grid([run])
    other = make_run(model="per")
    object.__setattr__(other.recipe, "overrides", ("experiment=other",))
    with pytest.raises(runner.OtherGridError, match=r"holds a run with other settings.*--out"):
        runner.require_same_grid([other])


def test_ctrl_c_terminates_what_runs(make_run):
    run = make_run(seed=99)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_all([run])
    assert time.monotonic() - start < 30
    assert not runner.is_done(run)


def test_one_grid_at_a_time_in_a_folder(tmp_path):
    with (
        runner.only_grid(tmp_path / "grid"),
        pytest.raises(runner.OtherGridError, match=r"Another grid is running in .*grid"),
        runner.only_grid(tmp_path / "grid"),
    ):
        pass
    with runner.only_grid(tmp_path / "grid"):
        pass
