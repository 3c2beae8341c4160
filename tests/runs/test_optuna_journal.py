"""The journal of a search outlives full disks and killed writers."""

import logging
import os
import subprocess
import sys
import time

import pytest

from softsym.runs.optuna_journal import journal_storage

optuna = pytest.importorskip("optuna", reason="the extra 'search' is not installed")


@pytest.fixture
def study(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(study_name="s", storage=journal_storage(tmp_path / "journal.log"))


def reloaded(tmp_path):
    return optuna.load_study(study_name="s", storage=journal_storage(tmp_path / "journal.log"))


def test_half_a_line_is_taken_away_before_the_next_one(study, tmp_path):
    study.tell(study.ask(), 1.0)
    with (tmp_path / "journal.log").open("a") as journal:
        journal.write('{"op_code":4,"worker')  # a disk that was full, or a writer that was killed
    assert [t.value for t in reloaded(tmp_path).trials] == [1.0]
    study.tell(study.ask(), 2.0)
    assert [t.value for t in reloaded(tmp_path).trials] == [1.0, 2.0]


def test_the_lock_of_a_killed_writer_is_taken_from_it(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path.parent)
    relative = tmp_path.relative_to(tmp_path.parent) / "journal.log"
    os.symlink(tmp_path / "journal.log", tmp_path / "journal.log.lock")
    started = time.monotonic()
    again = optuna.load_study(study_name="s", storage=journal_storage(relative, grace=3))
    optuna.logging.get_logger("optuna").setLevel(logging.ERROR)
    again.ask()
    assert 2 < time.monotonic() - started < 20
    assert len(reloaded(tmp_path).trials) == 1


def test_the_core_does_not_load_optuna():
    code = "import sys, softsym.lightning_modules.callbacks, softsym.runs.optuna_journal"
    code += "; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"optuna", "plotly", "submitit"} & set(done.stdout.split())


def test_without_optuna_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna.storages", None)
    with pytest.raises(ImportError, match=r'pip install -e "\.\[search\]"'):
        journal_storage(tmp_path / "journal.log")
