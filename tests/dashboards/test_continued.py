from __future__ import annotations

import time

import pytest
import wandb
from wandb_file import read

from softsym.dashboards.continued import ContinuedWandbLogger, earlier_parts, step_after


@pytest.fixture
def logger_in(tmp_path, monkeypatch):
    """Makes loggers of run folders."""
    monkeypatch.setenv("NETRC", "/dev/null")
    monkeypatch.delenv("WANDB_RUN_ID", raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")
    settings = wandb.Settings(silent=True, x_disable_stats=True, console="off")
    yield lambda folder: ContinuedWandbLogger(
        tmp_path / folder, offline=True, project="p", settings=settings
    )
    wandb.finish()


def finished(folder):
    """The last run of a folder; the process that writes the file ends it a little later."""
    wandb.finish()
    last = max(folder.glob("wandb/offline-run-*/run-*.wandb"))
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        run = read(last)
        if run.finished:
            return run
        time.sleep(0.05)
    raise TimeoutError(f"the run in {folder} is not whole")


def part(folder, name, size):
    (folder / "wandb" / name).mkdir(parents=True)
    (folder / "wandb" / name / f"run-{name[-2:]}.wandb").write_bytes(b"x" * size)


def test_parts_come_in_the_order_they_started(tmp_path):
    part(tmp_path, "offline-run-20260102_000000-bb", 640)
    part(tmp_path, "run-20260101_000000-aa", 64)
    part(tmp_path, "offline-run-20260103_000000-aa", 0)
    names = [path.name[-2:] for path in earlier_parts(tmp_path)]
    assert names == ["aa", "bb", "aa"]
    assert earlier_parts(tmp_path / "nowhere") == []


def test_steps_begin_beyond_what_files_can_hold(tmp_path):
    part(tmp_path, "offline-run-20260101_000000-aa", 640)
    part(tmp_path, "offline-run-20260102_000000-aa", 64)
    assert step_after(earlier_parts(tmp_path)) == 12
    assert step_after([]) == 0


def test_new_folder_is_a_new_run_and_a_known_one_continues(tmp_path, logger_in):
    part(tmp_path / "known", "offline-run-20260101_000000-aa", 6400)
    logger = logger_in("known")
    assert logger.version == "aa"
    for value in (1.0, 2.0):
        logger.log_metrics({"x": value}, step=3)
    assert logger_in("new").version is None
    run = finished(tmp_path / "known")
    assert run.run.run_id == "aa"
    assert [row["_step"] for row in run.history] == [101, 102]
    assert [row["x"] for row in run.history] == [1.0, 2.0]
    assert {row["trainer/global_step"] for row in run.history} == {3}


def test_next_job_of_a_process_has_a_run_of_its_own(tmp_path, logger_in):
    first, second = logger_in("first"), logger_in("second")
    first.log_metrics({"x": 1.0})
    second.log_metrics({"x": 2.0})
    one, two = (finished(tmp_path / name) for name in ("first", "second"))
    assert one.run.run_id != two.run.run_id
    assert one.summary["x"] == 1.0
    assert two.summary["x"] == 2.0


def test_table_is_logged_once_there_is_news(tmp_path, logger_in):
    logger = logger_in("run")
    logger.log_metrics({"strength/xy": 1.0, "penalty/xy": 2.0})
    logger.finalize("success")
    logger.log_metrics({"test/equivariance_error/xy": 0.5})
    logger.finalize("success")
    logger.finalize("success")
    run = finished(tmp_path / "run")
    tables = [row for row in run.history if "symmetries" in row]
    assert len(tables) == 1
    assert tables[0]["symmetries"]["nrows"] == 1


def test_server_may_continue_a_run_and_offline_is_not_asked(tmp_path):
    online = ContinuedWandbLogger(tmp_path, project="p")
    assert online._wandb_init["resume"] == "allow"
    offline = ContinuedWandbLogger(tmp_path, project="p", offline=True)
    assert offline._wandb_init["resume"] is None
    named = ContinuedWandbLogger(tmp_path, project="p", offline=True, id="mine", resume="must")
    assert (named.version, named._wandb_init["resume"]) == ("mine", "must")
