"""``seeds=3`` becomes a sweep over seeds in one folder."""

from __future__ import annotations

import pytest

from softsym.cli import resolvers, seeds
from softsym.cli.overrides import check_command_line
from softsym.cli.quoting import quoted
from softsym.runs.errors import UserError


@pytest.fixture(autouse=True)
def folders(monkeypatch):
    resolvers.register()
    monkeypatch.setattr(seeds, "FOLDERS", [])
    return seeds.FOLDERS


def test_each_seed_has_a_folder_in_that_of_the_run(tmp_path, folders):
    folder = tmp_path / "three"
    added = check_command_line(["seeds=3", "seed=5", f"run_dir={folder}"])
    assert added == [
        f"hydra.sweep.dir={quoted(folder)}",
        "hydra.sweep.subdir=seed_${seed}",
        "seed=5,6,7",
        "seeds=1",
        "--multirun",
    ]
    assert [folder] == seeds.FOLDERS


def test_without_a_name_the_folder_is_claimed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_command_line(["seeds=2", "name=two"])
    assert seeds.FOLDERS[0].is_dir()
    assert seeds.FOLDERS[0].parent.name == "two"


@pytest.mark.parametrize("words", [["seeds=0"], ["seeds=null"]])
def test_a_number_of_seeds_is_positive(words):
    with pytest.raises(UserError, match="seeds"):
        check_command_line(words)


def test_no_report_without_runs(tmp_path, folders):
    folders.append(tmp_path)
    seeds.report_over_seeds()
    assert not list(tmp_path.iterdir())
