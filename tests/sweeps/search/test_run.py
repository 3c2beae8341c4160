"""A search from its config to its report, with trials that take no time."""

import logging

import pytest
from filelock import FileLock, Timeout
from hydra import compose, initialize_config_dir

from softsym.cli import resolvers
from softsym.cli.choices import CONF
from softsym.reporting.many_runs import write_page
from softsym.runs.errors import UserError
from softsym.sweeps.command_line import check_arguments, plain
from softsym.sweeps.search.run import _alone, act
from softsym.sweeps.search.study import Study
from softsym.sweeps.search.trials import ROOT

FAKE = ROOT / "tests" / "sweeps" / "fake_train.py"
resolvers.register()


@pytest.fixture
def sweep(tmp_path, monkeypatch, caplog):
    """Does what a command line says, in this process; the checks of trials are others' tests."""
    monkeypatch.setattr("softsym.sweeps.search.run.check_trials", lambda *_: None)
    monkeypatch.setattr("softsym.sweeps.search.run.write_page", lambda *_: None)
    caplog.set_level(logging.INFO)

    def run(*arguments, how="", program="python"):
        first, *rest = arguments
        given = [f"command=[{program},{FAKE}{how}]", f"folder={tmp_path / 'search'}", *rest]
        checked = check_arguments([first, *given])
        with initialize_config_dir(str(CONF), version_base="1.3"):
            values = plain(compose("sweep", checked))
        act(values)
        return Study(tmp_path / "search")

    return run


def test_finds_the_best_and_leaves_a_report(sweep, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("softsym.sweeps.search.run.write_page", write_page)
    study = sweep("n_trials=5", "executor.poll_seconds=0.05", how=",--prune=2,--kill=3")
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "COMPLETE", "PRUNED", "FAIL", "COMPLETE"]
    assert study.trials[0].params["optimizer.lr"] == 3e-3  # the experiment itself comes first
    assert "Best: val/mse = 0 in trial 0" in caplog.text
    assert "Train it again: softsym train experiment=quickstart" in caplog.text
    page = (tmp_path / "search" / "overview.html").read_text()
    assert "Best val/mse: 0, in trial 0" in page
    assert "is not the config of a run" not in page
    assert (tmp_path / "search" / "trials" / "4" / "run.json").exists()


def test_is_continued_by_the_same_command_and_refuses_another(sweep, tmp_path):
    sweep("n_trials=2", "executor.poll_seconds=0.05")
    assert len(sweep("n_trials=3", "slots=1", "executor.poll_seconds=0.05").trials) == 3
    with pytest.raises(UserError, match="overrides/seed: None then, 'seed=3' now"):
        sweep("overrides=[seed=3]")
    starts = (tmp_path / "search" / "trials").glob("*/starts")
    assert [len(path.read_text().split()) for path in starts] == [1, 1, 1]
    sweep("status")


def test_one_error_of_the_first_trials_ends_it(sweep, tmp_path):
    with pytest.raises(UserError, match="The first 2 trials all ended with this error: no data"):
        sweep("n_trials=9", "executor.poll_seconds=0.05", how=",--fail=no data")
    assert len(Study(tmp_path / "search").trials) < 5


def test_a_second_one_is_kept_out(tmp_path):
    for _ in range(2):
        with FileLock(tmp_path / ".sweep.lock"):
            message = r"Another sweep\.py works in .* status folder="
            with pytest.raises(UserError, match=message), _alone(tmp_path):
                pass
        with _alone(tmp_path), pytest.raises(Timeout):
            FileLock(tmp_path / ".sweep.lock", timeout=0).acquire()


def test_the_next_owner_clears_what_a_killed_writer_left(tmp_path):
    (tmp_path / ".config.yaml.abc.tmp").touch()
    with _alone(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".sweep.lock"]


def test_a_damaged_journal_is_continued_only_on_demand(sweep, tmp_path, caplog):
    sweep("n_trials=2", "executor.poll_seconds=0.05")
    journal = tmp_path / "search" / "journal.log"
    damaged = journal.read_bytes() + bytes(64)
    journal.write_bytes(damaged)
    with pytest.raises(UserError, match="by repair=true"):
        sweep("n_trials=3", "executor.poll_seconds=0.05")
    assert journal.read_bytes() == damaged
    study = sweep("n_trials=3", "executor.poll_seconds=0.05", "repair=true")
    assert len(study.trials) == 3
    assert (tmp_path / "search" / "journal.damaged.log").read_bytes() == damaged
    assert "It is kept as journal.damaged.log" in caplog.text


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be used"), _alone(tmp_path / "file" / "search"):
        pass


def test_a_report_that_fails_ends_no_search(sweep, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("no colours")

    monkeypatch.setattr("softsym.sweeps.search.run.write_page", broken)
    study = sweep("n_trials=2", "executor.poll_seconds=0.05", "report_every=1")
    assert len(study.trials) == 2
    assert "No report: no colours" in caplog.text


def test_a_wrong_command(sweep):
    with pytest.raises(UserError, match="there is no program 'pyhton'"):
        sweep("run", program="pyhton")
