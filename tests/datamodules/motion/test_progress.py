"""Long work reports its progress."""

import logging
import sys

from softsym.datamodules.motion import progress
from softsym.datamodules.motion.progress import with_progress


def test_items_pass_and_the_log_tells(caplog, monkeypatch):
    monkeypatch.setattr(progress, "LOG_EVERY", 0.0)
    with caplog.at_level(logging.INFO):
        assert list(with_progress(range(3), "scenes read")) == [0, 1, 2]
        assert list(with_progress(range(3), "shards read", total=4)) == [0, 1, 2]
    assert "3 scenes read" in caplog.text
    assert "3 of 4 shards read, about 0 s to go" in caplog.text


def test_short_work_is_silent(caplog):
    with caplog.at_level(logging.INFO):
        assert list(with_progress("ab", "scenes read")) == ["a", "b"]
    assert not caplog.records


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(with_progress(range(2), "scenes read", total=2)) == [0, 1]
