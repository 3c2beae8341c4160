"""A small search."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("optuna"):
    from softsym.sweeps.search.plan import keep_plan, make_plan
    from softsym.sweeps.search.search import Settings
    from softsym.sweeps.search.study import Study
    from softsym.sweeps.search.trials import Trials
else:  # the extra "search" is not installed
    collect_ignore_glob = ["*"]

FAKE = Path(__file__).parents[1] / "fake_train.py"
LR = {"type": "float", "low": 1e-3, "high": 1e-2, "log": True}
POLICY = {"type": "categorical", "choices": ["adjust_once", "fixed"]}
SEARCH = {
    "name": "small",
    "experiment": "quickstart",
    "overrides": ["trainer.max_epochs=30"],
    "space": {"optimizer.lr": LR, "policy": POLICY},
}


@pytest.fixture
def plan():
    return make_plan(SEARCH, [])


@pytest.fixture
def folder(tmp_path, plan):
    """The folder of a search."""
    path = tmp_path / "small"
    keep_plan(plan, path)
    return path


@pytest.fixture
def study(folder):
    return Study(folder, create=True)


@pytest.fixture
def trials(plan, folder):
    return Trials(plan, folder, "small", (sys.executable, str(FAKE)))


@pytest.fixture
def settings(folder):
    def make(**values):
        defaults = {"action": "run", "folder": folder, "n_trials": 4, "slots": 2, "retries": 0}
        defaults |= {"seed": 0, "startup_trials": 10, "report_every": 0, "stop_seconds": 20}
        return Settings(**defaults | {"command": ()} | values)

    return make
