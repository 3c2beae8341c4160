"""Folder, command and job of a trial."""

import sys
from dataclasses import replace

import pytest

from softsym.runs.errors import UserError
from softsym.sweeps.search.trials import ROOT, Trials, by_hand, full_program

PARAMS = {"optimizer.lr": 0.002, "policy": "fixed"}


def test_command_continues_what_is_in_the_folder(trials, folder):
    command = trials.command(3, PARAMS)
    assert command[2:] == [
        *("experiment=quickstart", "trainer.max_epochs=30", "optimizer.lr=0.002", "policy=fixed"),
        *(f"run_dir={folder}/trials/3", "sweep=small", "ckpt_path=auto"),
    ]


def test_pruning_tells_the_job_where_the_journal_is(trials, folder):
    pruned = replace(trials, plan=replace(trials.plan, pruning={"min_epochs": 9}))
    assert pruned.pruning(3) == [
        "+pruning@callbacks.pruning=asha",
        f"callbacks.pruning.journal={folder}/journal.log",
        *("callbacks.pruning.study=small", "callbacks.pruning.trial=3"),
        "callbacks.pruning.min_epochs=9",
    ]


def test_jobs_of_two_searches_of_one_name_differ(trials, tmp_path):
    other = Trials(trials.plan, tmp_path / "other", "small", ())
    names = {t.job(n).name for t in (trials, other) for n in (1, 2)}
    assert len(names) == 4
    assert all(name.startswith("small-") for name in names)


def test_by_hand_is_a_line_of_shell(plan):
    quoted = replace(plan, overrides=("largest_group='O(3)'",))
    assert by_hand(quoted, PARAMS) == (
        "softsym train experiment=quickstart 'largest_group='\"'\"'O(3)'\"'\"'' "
        "optimizer.lr=0.002 policy=fixed"
    )


def test_program_runs_from_anywhere():
    assert full_program(["python", "train.py"]) == (sys.executable, str(ROOT / "train.py"))
    with pytest.raises(UserError, match="there is no program 'pyhton'"):
        full_program(["pyhton", "train.py"])
    with pytest.raises(
        UserError, match=r"must not be empty; the usual one is \[python, -m, softsym.train\]"
    ):
        full_program([])
