from __future__ import annotations

import os

import pytest

from softsym.runs.files import clear_leftovers, write_atomically


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "new" / "a.html"
    write_atomically(path, "one")
    write_atomically(str(path), "zweí")
    assert path.read_text(encoding="utf-8") == "zweí"
    assert os.listdir(path.parent) == ["a.html"]
    plain = tmp_path / "plain"
    plain.write_text("")
    assert path.stat().st_mode == plain.stat().st_mode


def test_failure_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "a.html"
    write_atomically(path, "old")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.html"]


def test_the_next_owner_clears_what_killed_writers_left(tmp_path):
    for name in (".last.ckpt.x1y2.tmp", ".a.json.z.tmp", ".lock", "mine.tmp", "a.json"):
        (tmp_path / name).touch()
    clear_leftovers(tmp_path)
    clear_leftovers(tmp_path / "nowhere")
    assert sorted(os.listdir(tmp_path)) == [".lock", "a.json", "mine.tmp"]
