"""What does not go together with several runs of one command."""

from __future__ import annotations

import pytest

from softsym.cli import resolvers
from softsym.cli.overrides import check_command_line
from softsym.runs.errors import UserError

SELECT = "select=leave_one_environment_out"


@pytest.fixture(autouse=True)
def _resolvers(tmp_path, monkeypatch):
    resolvers.register()
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-m", "seeds=3", "seed=0,1"], "seeds=3 does not go together with --multirun"),
        (["seeds=3", "ckpt_path=last"], "seeds=3 trains several models.*names one"),
        (["-m", SELECT, "seed=0,1"], "sweep over folds itself"),
        ([SELECT, "seeds=2"], "once for each seed: seed=0, then seed=1"),
        ([SELECT, "ckpt_path=last"], f"{SELECT} trains several models"),
        (["select=leave_one_out"], "select must be leave_one_environment_out or null"),
        ([SELECT, "select_folds=1"], "select_folds"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_work(words, message, tmp_path):
    with pytest.raises(UserError, match=message):
        check_command_line(words)
    assert not list(tmp_path.iterdir())


def test_one_fold_may_be_part_of_a_sweep():
    assert check_command_line(["-m", SELECT, "select_fold=0,1"]) == []


@pytest.mark.parametrize("stored", ["seed: 0\n", "select: null\n", "[", "- 1\n"])
def test_the_folder_of_another_run_is_refused(tmp_path, stored):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text(stored)
    with pytest.raises(UserError, match="holds a run without select already"):
        check_command_line([SELECT, f"run_dir={tmp_path / 'run'}"])
