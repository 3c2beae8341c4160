"""A report over many runs is made whatever one of their folders holds."""

import time

import pytest
from faults.hostile import FOLDERS, MARK, build

from softsym.cli.report import main
from softsym.runs.reading import Run, find_runs, read_run

SECONDS = 5
"""A folder costs the reader at most this much, of which a page takes most."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def is_harmless(text):
    return "<script>alert" not in text and not set("\x1b\x07\x00") & set(text)


@pytest.mark.parametrize("hostile", FOLDERS, ids=lambda hostile: hostile.name)
def test_a_hostile_folder_is_read_or_named(hostile, tmp_path):
    started = time.monotonic()
    top = build(tmp_path / "runs", [hostile])
    results = [read_run(folder) for folder in find_runs([top])]
    runs = [result for result in results if isinstance(result, Run)]
    said = [result for result in results if isinstance(result, str)]
    said += [problem for run in runs for problem in run.problems]
    assert len(runs) >= 2
    assert hostile.words in " ".join(said)
    assert bool(said) == bool(hostile.words)
    assert time.monotonic() - started < SECONDS


def test_one_page_over_all_of_them(tmp_path, capsys):
    top = build(tmp_path / "runs")
    main([str(top)])
    page, said = (top / "overview.html").read_text(), capsys.readouterr()
    assert "healthy-0" in page
    assert "healthy-1" in page
    for hostile in FOLDERS:
        assert hostile.words.replace("'", "&#39;") in page, hostile.name
    assert is_harmless(page)
    assert is_harmless(said.out + said.err)
    assert f"touch {MARK}" not in page
    assert not list((tmp_path / "here").iterdir())
