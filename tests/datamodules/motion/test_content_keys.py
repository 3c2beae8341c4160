"""Keys follow the content of raw files."""

import os
import shutil

from softsym.datamodules.motion import content_keys
from softsym.datamodules.motion.content_keys import raw_key


def folder_of(path, **files):
    path.mkdir()
    for name, content in files.items():
        (path / f"{name}.txt").write_text(content)
    return path


def test_small_sets_are_known_by_content_alone(tmp_path):
    one = folder_of(tmp_path / "one", a="1", b="2")
    other = shutil.copytree(one, tmp_path / "other", copy_function=shutil.copyfile)
    assert raw_key(one, ["*.txt"]) == raw_key(other, ["*.txt"])
    (other / "a.txt").write_text("3")
    assert raw_key(one, ["*.txt"]) != raw_key(other, ["*.txt"])
    assert raw_key(one, ["b.txt"]) == raw_key(other, ["b.txt", "c.txt"])


def test_names_count(tmp_path):
    one, other = folder_of(tmp_path / "one", a="1"), folder_of(tmp_path / "two", b="1")
    assert raw_key(one, ["*.txt"]) != raw_key(other, ["*.txt"])


def test_large_sets_are_known_by_size_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr(content_keys, "SMALL", 1)
    one = folder_of(tmp_path / "one", a="12", b="34")
    key = raw_key(one, ["*.txt"])
    os.utime(one / "a.txt", (1, 1))
    assert raw_key(one, ["*.txt"]) != key
