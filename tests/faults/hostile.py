"""Run folders that somebody broke, by accident or on purpose: a table to extend by a line.

Each entry of `FOLDERS` has a name, a function that damages a healthy run folder, and words of the
warning that a report over many runs then gives; empty where the damage is harmless. `build` makes
them all, beside healthy ones, which a report must show whatever is beside them.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from run_folders import write_run

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)
"""Eight lines that stand for nine to the power of nine values."""
MARK = "softsym-was-here"
"""File that a folder which gets its text executed leaves in the current folder."""


class Hostile(NamedTuple):
    """A kind of damage, and what a reader is told."""

    name: str
    damage: Callable[[Path], object]
    words: str  # of the warning; empty if there is none


def _text(file: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_text(text, encoding="utf-8")


def _yaml(more: str) -> Callable[[Path], object]:
    """A config with some keys of a run, and more."""
    return _text("config.yaml", f"seed: 0\ndatamodule: {{axis: 2}}\n{more}\n")


def _table(rows: str) -> Callable[[Path], object]:
    return _text("strengths.csv", f"epoch,name,strength,penalty\n{rows}")


def _bytes(file: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / file).write_bytes(content)


def _json(file: str, content: object) -> Callable[[Path], object]:
    return _text(file, json.dumps(content))


def _instead(file: str, make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Puts something else in the place of a file."""

    def damage(folder: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        make(folder / file)

    return damage


def _link(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**36)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _renamed(name: bytes) -> Callable[[Path], object]:
    return lambda folder: os.rename(folder, os.path.join(os.fsencode(folder.parent), name))


FOLDERS = [
    # what takes the place of a file
    Hostile("config: a pipe", _instead("config.yaml", os.mkfifo), "a pipe"),
    Hostile("config: an endless device", _instead("config.yaml", _link("/dev/zero")), "a device"),
    Hostile("config: a socket", _instead("config.yaml", _socket), "cannot be read"),
    Hostile("config: 64 GB", _instead("config.yaml", _sparse), "larger than 4 MB"),
    Hostile("config: a dangling link", _instead("config.yaml", _link("/nowhere")), "No such file"),
    Hostile("config: a link to itself", _instead("config.yaml", _link("config.yaml")), "symbolic"),
    Hostile("metrics: a pipe", _instead("metrics.json", os.mkfifo), "a pipe"),
    Hostile("metrics: a folder", _instead("metrics.json", Path.mkdir), "a folder"),
    Hostile("metrics: random numbers", _instead("metrics.json", _link("/dev/urandom")), "device"),
    Hostile("metrics: of a process", _instead("metrics.json", _link("/proc/self/mem")), "read"),
    Hostile("table: a pipe", _instead("strengths.csv", os.mkfifo), "a pipe"),
    Hostile("table: an endless device", _instead("strengths.csv", _link("/dev/zero")), "a device"),
    Hostile("table: 64 GB", _instead("strengths.csv", _sparse), "larger than 64 MB"),
    Hostile("table: a folder", _instead("strengths.csv", Path.mkdir), "a folder"),
    Hostile("record: a pipe", _instead("run.json", os.mkfifo), "a pipe"),
    Hostile("start: an endless device", _instead("started.json", _link("/dev/zero")), "a device"),
    Hostile("report: a pipe", _instead("symmetry_report.html", os.mkfifo), ""),
    Hostile("journal: a pipe", _instead("journal.log", os.mkfifo), ""),
    # yaml
    Hostile("yaml: an alias bomb", _yaml(BOMB), "50000"),
    Hostile("yaml: circular", _yaml("a: &a [*a]"), "refers to itself"),
    Hostile("yaml: brackets", _yaml(f"a: {'[' * 10**5}"), "40 levels"),
    Hostile("yaml: dashes", _text("config.yaml", "- " * 10**5), "40 levels"),
    Hostile("yaml: 400 digits", _yaml(f"a: {'9' * 400}"), "100 digits"),
    Hostile("yaml: 9000 digits", _text("config.yaml", f"seed: {'9' * 9000}\n"), "100 digits"),
    Hostile("yaml: hexadecimal", _text("config.yaml", f"seed: 0x{'f' * 9000}\n"), "100 digits"),
    Hostile("yaml: base 60", _text("config.yaml", f"seed: 1{':1' * 10**5}\n"), "100 digits"),
    Hostile("yaml: many values", _yaml(f"a: [{'1,' * 10**5}]"), "50000"),
    Hostile("yaml: no such day", _yaml("a: 2026-13-45"), "no YAML"),
    Hostile("yaml: keys are lists", _yaml("? [a]\n: 1"), "no YAML"),
    Hostile(
        "yaml: an object",
        _yaml(f"a: !!python/object/apply:os.system ['touch {MARK}']"),
        "no YAML",
    ),
    Hostile("yaml: zeros", _bytes("config.yaml", bytes(4096)), "cannot be read"),
    Hostile("yaml: no text", _bytes("config.yaml", b"\xff\xfe\x00s"), "no text in UTF-8"),
    Hostile("yaml: one word", _text("config.yaml", "seed"), "not the config of a run"),
    Hostile("yaml: odd types", _yaml("1: !!binary aGk=\n2: !!set {a, b}"), ""),
    Hostile("yaml: interpolations", _yaml("name: ${oc.env:HOME}"), ""),
    Hostile("yaml: a seed of lists", _text("config.yaml", "seed: [1]\ndatamodule: 3\n"), ""),
    # json
    Hostile("json: brackets", _text("metrics.json", "[" * 10**5), "40 levels"),
    Hostile("json: objects", _text("run.json", '{"a":' * 500 + "1" + "}" * 500), "40 levels"),
    Hostile("json: 400 digits", _text("metrics.json", f'{{"a": {"9" * 400}}}'), "100 digits"),
    Hostile("json: 9000 digits", _text("cost.json", f'{{"run/seconds": {"9" * 9000}}}'), "digits"),
    Hostile("json: many values", _json("run.json", {"a": [0] * 10**5}), "50000"),
    Hostile("json: many metrics", _json("metrics.json", {f"test/{i}": i for i in range(300)}), ""),
    Hostile("json: huge numbers", _json("metrics.json", {"val/mse": 1e308, "x": -1e308}), ""),
    Hostile("json: not finite", _text("metrics.json", '{"val/mse": NaN, "a": 1e999}'), ""),
    Hostile("json: odd types", _json("run.json", {"status": [1], "monitor": {}, "ended": 3}), ""),
    Hostile("json: half a character", _text("run.json", '{"status": "\\ud800"}'), ""),
    Hostile("json: zeros", _bytes("run.json", bytes(512)), "no JSON"),
    Hostile("json: an open quote", _json("run.json", {"command": "python train.py 'a"}), ""),
    Hostile("json: negative time", _json("cost.json", {"run/seconds": -1e300}), ""),
    Hostile("start: no list", _json("started.json", {"overrides": 3, "choices": []}), "started"),
    Hostile("start: empty words", _json("started.json", {"overrides": ["", "~", "="]}), ""),
    # tables
    Hostile("table: 400 digits", _table(f"{'9' * 400},xy,1,1\n"), "damaged"),
    Hostile("table: no numbers", _table("a,xy,b,c\n"), "damaged"),
    Hostile("table: infinite", _table("0,xy,inf,1\n1,xy,inf,1\n2,xy,nan,1\n"), ""),
    Hostile("table: huge numbers", _table("0,xy,1e308,1\n9,xy,-1e308,1\n"), ""),
    Hostile(
        "table: many names",
        _table("".join(f"0,s{i},1,1\n" for i in range(1000))),
        "more than 200 symmetries",
    ),
    Hostile("table: one long line", _table("9" * 10**6), "damaged"),
    Hostile("table: zeros", _bytes("strengths.csv", bytes(4096)), "lacks the columns"),
    # text that a page or a terminal might obey
    Hostile("text: a script", _yaml("name: <script>alert(1)</script>"), ""),
    Hostile("text: clears the screen", _json("run.json", {"status": "\x1b[2J\x1b]0;x\x07"}), ""),
    Hostile("text: another program", _json("run.json", {"command": f"touch {MARK}"}), ""),
    Hostile("name: a script", _renamed(b"<script>alert(2)<!--"), ""),
    Hostile("name: a line break", _renamed(b"a\nb\x1b[2J"), ""),
    Hostile("name: no text", _renamed(b"\xff\xfe"), ""),
]  # fmt: skip


def build(top: Path, folders: list[Hostile] | None = None) -> Path:
    """Writes one run folder for each kind of damage, and two healthy ones; returns ``top``."""
    for number, each in enumerate(FOLDERS if folders is None else folders):
        each.damage(write_run(top / f"hostile-{number}", seed=number))
    for seed in (0, 1):
        write_run(top / f"healthy-{seed}", seed=seed)
    return top
