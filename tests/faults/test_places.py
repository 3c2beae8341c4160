"""Names and folders that are refused before anything is written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from softsym.cli import resolvers
from softsym.cli.overrides import check_command_line
from softsym.cli.records import removed_if_unused
from softsym.runs.errors import UserError

resolvers.register()

REFUSED = [
    (["name=../x"], "leads out of the folder outputs/.*run_dir=<folder>"),
    (["name=a/../../x"], "leads out of the folder"),
    (["name=/tmp/x"], "leads out of the folder"),
    (["name=."], "leads out of the folder"),
    (["name=''"], "name is empty, as a variable is that the shell does not know"),
    (["name=null"], "name must be one line of text; got null"),
    (["name=[a]"], "name must be one line of text"),
    (["name=true"], "name must be one line of text; got true"),
    (["name='a\tb'"], "control character"),
    ([f"name={'n' * 300}"], "cannot be written: .*File name too long"),
    (["run_dir="], "run_dir is empty.*run_dir=. for the current folder"),
    (["run_dir=''"], "run_dir is empty"),
    (["run_dir=[a]"], "run_dir must be one line of text"),
    (["run_dir=null"], "run_dir must be one line of text"),
    ([f"run_dir={'r' * 300}"], "cannot be written: File name too long"),
    (["run_dir=/proc/x"], "'/proc' does not allow it"),
    (["run_dir=/dev/null/x"], "'/dev/null' is no folder"),
    (["ckpt_path=''"], "ckpt_path is empty"),
    (["ckpt_path="], "ckpt_path is empty"),
    (["ckpt_path=[a]"], "ckpt_path must be one line of text"),
    (["ckpt_path=5"], "There is no checkpoint '5'"),
    (["ckpt_path=nowhere.ckpt"], "There is no checkpoint 'nowhere.ckpt'"),
    (["ckpt_path=."], "is no plain file"),
    (["ckpt_path=last"], "no run has started in .*ckpt_path=auto starts one"),
    (["ckpt_path=last", "run_dir=nowhere"], "no run has started in 'nowhere'"),
    (["init_from=nowhere"], "There is no checkpoint 'nowhere'.*init_from=<file>"),
    (["init_from=."], "There is no checkpoint 'checkpoints/best.ckpt'"),
    (["init_from=''"], "init_from is empty"),
    (["test_model=first"], "test_model must be best or last; got 'first'"),
    (["paths.output=null"], "paths.output must be one line of text; got null"),
    (["hydra.run.dir=''"], "hydra.run.dir is empty"),
    (["-m", "name=a,../x"], "name=../x leads out"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda given: str(given)[:40])
def test_each_is_refused_at_once_and_leaves_nothing(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()
    with pytest.raises(UserError, match=words):
        check_command_line(arguments)
    assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []


ACCEPTED = [
    ["name=mine/too"],
    ["name=2024"],
    ["run_dir=."],
    ["run_dir='a b=c, d'"],
    ["ckpt_path=auto"],
    ["test_model=last"],
]


@pytest.mark.parametrize("arguments", ACCEPTED, ids=str)
def test_others_pass(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_command_line(arguments)


@pytest.mark.parametrize("content", [None, "config.yaml"])
def test_an_error_after_the_check_leaves_no_empty_folder(content, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    if content:
        (folder / content).touch()
    with pytest.raises(ValueError, match="late"), removed_if_unused(Path(folder)):
        raise ValueError("late")
    assert folder.exists() == bool(content)
