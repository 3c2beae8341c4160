from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest
from run_folders import write_run, write_sweep

from softsym.cli.report import main
from softsym.runs.errors import UserError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    return write_sweep(tmp_path / "runs", seeds=2)


def test_the_page_stands_in_the_first_folder(folder, capsys):
    main([str(folder), str(folder / "0")])
    output = capsys.readouterr()
    assert "<html" in (folder / "overview.html").read_text()
    assert "6 runs, 3 configurations and 2 seeds; 6 finished." in output.out
    assert "Best of 3 configurations: initial_strength=10." in output.out
    assert f"Report: {folder / 'overview.html'}" in output.out
    assert "python train.py logger=csv initial_strength=10.0" in output.out
    assert output.err == ""


def test_the_page_may_stand_elsewhere(folder, tmp_path):
    page = tmp_path / "new" / "page.html"
    main([str(folder), "--output", str(page)])
    assert "../runs/0/symmetry_report.html" in page.read_text()
    assert not (folder / "overview.html").exists()


def test_metric_and_keys_may_be_chosen(folder, capsys):
    main([str(folder), "--metric", "test/mse", "--by", "seed,network", "--by", "seed"])
    output = capsys.readouterr().out
    assert "Best of 2 configurations: seed=" in output
    assert "test/mse" in output
    assert "no honest estimate" in output


def test_damaged_files_are_warned_of(folder, capsys):
    (folder / "0" / "metrics.json").write_text('{"val/')
    (folder / "1" / "config.yaml").write_text("a: [")
    main([str(folder)])
    output = capsys.readouterr()
    assert f"warning: {folder / '1' / 'config.yaml'} cannot be read" in output.err
    assert f"warning: {folder / '0' / 'metrics.json'} cannot be read" in output.err
    assert "5 runs" in output.out


def test_many_warnings_are_cut_short(tmp_path, capsys):
    for i in range(12):
        (write_run(tmp_path / str(i), seed=i) / "cost.json").write_text("")
    main([str(tmp_path)])
    assert "and 2 more, which the page lists" in capsys.readouterr().err


def test_the_best_ten_of_many_are_shown(tmp_path, capsys):
    for i in range(12):
        write_run(tmp_path / str(i), strength=1.0 + i)
    main([str(tmp_path)])
    assert "and 2 more." in capsys.readouterr().out


def test_bad_input_is_answered(folder, tmp_path):
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.write_text("")
    for given, message in (
        ([tmp_path / "none"], r"There is no folder '.*none'\. Give folders that hold runs\."),
        ([file], r"file' is a file\. Give folders that hold runs\."),
        ([empty], r"No run was found below '.*empty': a run's folder holds a config\.yaml\."),
        ([folder, "--metric", "val/x"], r"No run has the metric 'val/x'\. They have: val/mse"),
        ([folder, "--by", "sed"], r"No run has the key 'sed'\. Did you mean seed\?"),
        ([folder, "--output", empty], r"empty' is a folder\. Give a file, such as --output"),
        ([folder, "--output", file / "x"], r"cannot be written: '.*file' is no folder\. Name an"),
    ):
        with pytest.raises(UserError, match=message):
            main([str(word) for word in given])
    assert not (folder / "overview.html").exists()


def test_a_page_that_cannot_be_written_is_answered(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("softsym.reporting.many_runs.write_atomically", full)
    with pytest.raises(UserError, match=r"cannot be written: .*No space left on device"):
        main([str(folder)])


def test_a_folder_without_a_run_says_what_it_found_instead(tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1")
    with pytest.raises(UserError, match=r"config\.yaml is not the config of a run"):
        main([str(tmp_path)])


def test_script_ends_with_one_line_for_bad_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["report.py", "/no/such/folder"])
    with pytest.raises(SystemExit, match="1"):
        runpy.run_path(str(ROOT / "report.py"), run_name="__main__")
    said = "\nerror: There is no folder '/no/such/folder'. Give folders that hold runs.\n"
    assert capsys.readouterr().err == said


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    output = capsys.readouterr().out
    assert all(option in output for option in ("--output", "--metric", "--by", "FOLDER"))


def test_what_killed_reports_left_is_cleared_and_what_others_write_is_not(folder):
    old, new = (folder / f".overview.html.{name}.tmp" for name in ("old", "new"))
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    main([str(folder)])
    assert (old.exists(), new.exists()) == (False, True)
