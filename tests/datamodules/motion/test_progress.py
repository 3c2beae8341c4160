"""Long work says how far it has come."""

import logging
import sys

from softsym.datamodules.motion import progress
from softsym.datamodules.motion.progress import followed


def test_items_pass_and_the_log_tells(caplog, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", -1.0)
    with caplog.at_level(logging.INFO):
        assert list(followed(range(3), "scenes read")) == [0, 1, 2]
    assert "3 scenes read" in caplog.text


def test_short_work_is_silent(caplog):
    with caplog.at_level(logging.INFO):
        assert list(followed("ab", "scenes read")) == ["a", "b"]
    assert not caplog.records


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(followed(range(2), "scenes read")) == [0, 1]
