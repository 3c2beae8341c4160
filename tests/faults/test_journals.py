"""A damaged journal of a search is named, read as far as it goes, and never overwritten."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("optuna", reason="the extra 'search' is not installed")

from rich.console import Console

from softsym.reporting.searches import read_searches
from softsym.runs.errors import UserError
from softsym.runs.optuna_journal import journal_storage, load_study
from softsym.runs.outcome import End, Outcome
from softsym.sweeps.search.plan import make_plan
from softsym.sweeps.search.repair import set_damage_aside
from softsym.sweeps.search.status import show_status
from softsym.sweeps.search.study import Study

SPACE = {"optimizer.lr": {"type": "float", "low": 1e-3, "high": 1e-2}}
TRIALS = 4


class Damaged(NamedTuple):
    """How the bytes of a journal are damaged, and what a reader is told."""

    name: str
    damage: Callable[[bytes], bytes]
    words: str  # of the message; empty where nothing that was ever read is lost
    left: int = 0  # trials that can still be read; -1 for no study


def _line(number: int, text: bytes) -> Callable[[bytes], bytes]:
    """Replaces a line; trials begin in lines 1, 4, 7 and 10, counted from 0."""

    def damage(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join([*lines[:number], text, *lines[number + 1 :]])

    return damage


def _flipped(content: bytes) -> bytes:
    """One bit of the first byte in the middle line."""
    lines = content.splitlines(keepends=True)
    middle = len(lines) // 2
    return _line(middle, bytes([lines[middle][0] ^ 1]) + lines[middle][1:])(content)


JOURNALS = [
    Damaged("whole", lambda c: c, "", TRIALS),
    Damaged("half a line", lambda c: c + b'{"op_code":4,"wor', "", TRIALS),
    Damaged("the first letter of a line", lambda c: c + b"{", "", TRIALS),
    Damaged("a line without its end", lambda c: c[:-1], "", TRIALS),
    Damaged("empty", lambda c: b"", "is empty", -1),
    Damaged("zeros", lambda c: bytes(len(c)), "in line 1 of 1", -1),
    Damaged("zeros at the end", lambda c: c + bytes(512), "its end is no part of a record", TRIALS),
    Damaged("zeros in the middle", _line(5, bytes(80) + b"\n"), "line 6 of 13: it is no JSON", 2),
    Damaged("zeros from the middle on", lambda c: c[:600] + bytes(len(c) - 600), "in line", 1),
    Damaged("one bit", _flipped, "in line 7 of 13", 2),
    Damaged("the last line end", lambda c: c[:-1] + b"\x0b", "its end is no part of a record", 4),
    Damaged("a digit", lambda c: c.replace(b"[2.0]", b"[0.0]"), "differs from what was written", 3),
    Damaged("no record", _line(4, b"[1]\n"), "in line 5 of 13: it holds no record", 1),
    Damaged("half a record", _line(4, b'{"op_code":5,"worker_id":"x"}\n'), "Optuna cannot", 1),
    Damaged("an unknown operation", _line(4, b'{"op_code":99,"worker_id":"x"}\n'), "Opt", 1),
    Damaged("deep brackets", _line(4, b"[" * 10**5 + b"\n"), "nested more than 40 levels", 1),
    Damaged("many digits", _line(4, b'{"op_code":' + b"9" * 9000 + b"}\n"), "100 digits", 1),
    Damaged("the first line", _line(0, b"x\n"), "in line 1 of 13", -1),
    Damaged("no text", lambda c: os.urandom(64).replace(b"\n", b"x"), "in line 1 of 1", -1),
]  # fmt: skip


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The journal of a search with a few trials that have ended: 13 lines."""
    folder = tmp_path_factory.mktemp("search")
    plan, study = make_plan({"experiment": "quickstart", "space": SPACE}, []), Study(folder, True)
    for value in range(TRIALS):
        study.tell(study.ask(plan.space, 0, 10), Outcome(End.COMPLETE, value))
    journal = (folder / "journal.log").read_bytes()
    assert journal.count(b"\n") == 13
    return journal


@pytest.fixture
def search(content, tmp_path):
    """Makes the folder of a search whose journal is damaged."""

    def make(case):
        (tmp_path / "journal.log").write_bytes(case.damage(content))
        for number in range(TRIALS):
            (tmp_path / "trials" / str(number)).mkdir(parents=True)
        return tmp_path

    return make


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@named(JOURNALS)
def test_readers_show_the_trials_before_the_damage_and_write_nothing(case, search):
    folder = search(case)
    before, console = files(folder), Console(record=True, width=400)
    if case.left < 0:
        with pytest.raises(UserError, match=case.words) as refused:
            Study(folder)
        assert str(folder / "journal.log") in str(refused.value)
    else:
        study = Study(folder)
        assert len(study.trials) == case.left
        show_status(study, folder, console)
        text = console.export_text()
        assert ("is damaged in line" in text) == bool(case.words)
        assert case.words in text
    sections, notes = read_searches([folder])
    assert len(sections) == (case.left >= 0)
    assert case.words in " ".join(notes)
    assert bool(notes) == bool(case.words)
    assert files(folder) == before


def test_every_flip_of_a_bit_is_noticed_or_changes_nothing(content, tmp_path):
    draw, path = random.Random(0), tmp_path / "journal.log"
    path.write_bytes(content)
    whole = [(t.state, t.values, t.params) for t in Study(tmp_path).trials]
    for _ in range(150):
        flipped = bytearray(content)
        flipped[draw.randrange(len(flipped))] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        try:
            study = Study(tmp_path)
        except UserError:
            continue
        trials = [(t.state, t.values, t.params) for t in study.trials]
        assert trials == whole or study.damage is not None


def test_journals_of_earlier_versions_have_no_checksums(content, tmp_path):
    earlier = re.sub(rb', ?"crc32": ?\d+', b"", content)
    assert earlier != content
    (tmp_path / "journal.log").write_bytes(earlier)
    assert len(Study(tmp_path, create=True).trials) == TRIALS


@named([case for case in JOURNALS if case.words])
def test_writers_are_refused_and_change_nothing(case, search):
    folder = search(case)
    before = files(folder)
    with pytest.raises(UserError, match=case.words) as refused:
        Study(folder, create=True)
    assert str(folder / "journal.log") in str(refused.value)
    assert "name=<name>" in str(refused.value)
    assert files(folder) == before


@named([case for case in JOURNALS if not case.words])
def test_writers_continue_what_is_whole(case, search):
    study = Study(search(case), create=True)
    study.ask(make_plan({"experiment": "quickstart", "space": SPACE}, []).space, 0, 10)
    assert len(Study(study.path.parent).trials) == TRIALS + 1


@named([case for case in JOURNALS if case.words and case.name != "empty"])
def test_a_repair_keeps_everything_and_goes_on_before_the_damage(case, search, content):
    folder = search(case)
    damaged = (folder / "journal.log").read_bytes()
    set_damage_aside(folder)
    assert (folder / "journal.damaged.log").read_bytes() == damaged
    left = {path.name for path in (folder / "trials").iterdir()}
    whole = max(case.left, 0)
    assert left == {str(n) if n < whole else f"{n}.damaged" for n in range(TRIALS)}
    if case.left >= 0 or whole:
        study = Study(folder, create=True)
        assert len(study.trials) == case.left
        assert content.startswith((folder / "journal.log").read_bytes())
    else:
        assert Study(folder, create=True).trials == []
    set_damage_aside(folder)  # of a whole journal nothing is changed
    assert not (folder / "journal.damaged-2.log").exists()


def test_damage_that_appears_during_a_search_is_not_cut_off(content, tmp_path):
    path = tmp_path / "journal.log"
    path.write_bytes(content)
    storage = journal_storage(path)
    path.write_bytes(content + bytes(64))
    with pytest.raises(UserError, match="its end is no part of a record"):
        storage.set_study_user_attr(0, "a", 1)
    assert path.read_bytes() == content + bytes(64)
    assert not (tmp_path / "journal.log.lock").is_symlink()


@pytest.mark.parametrize("make", [os.mkfifo, lambda p: p.symlink_to("/dev/zero"), Path.mkdir])
def test_what_is_no_file_is_not_waited_for(make, tmp_path):
    make(tmp_path / "journal.log")
    for read in (Study, lambda f: Study(f, create=True), lambda f: load_study(f / "journal.log")):
        with pytest.raises(UserError, match=r"(journal\.log|/dev/zero) cannot be read: it is a"):
            read(tmp_path)


def test_trials_without_a_journal_are_not_started_anew(tmp_path):
    (tmp_path / "trials" / "12").mkdir(parents=True)
    with pytest.raises(UserError, match=r"journal\.log is missing, but there are trials in"):
        Study(tmp_path, create=True)
