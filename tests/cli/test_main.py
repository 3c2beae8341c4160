"""The console script: it runs the scripts of the project, from any folder."""

from __future__ import annotations

import subprocess
import sys

import pytest

from softsym import __version__
from softsym.cli import main as console
from softsym.cli.program import command_of, program


@pytest.fixture
def run(monkeypatch):
    """Runs ``softsym`` in this process, without the module that a command stands for."""
    started = []
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(console.signal, "signal", lambda *_: None)
    monkeypatch.setattr(
        console.runpy, "run_module", lambda name, **_: started.append((name, sys.argv[1:]))
    )

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["/env/bin/softsym", *arguments])
        console.main()
        return started

    return run


@pytest.mark.parametrize(
    ("command", "module"),
    [
        ("train", "softsym.train"),
        ("sweep", "softsym.sweep"),
        ("report", "softsym.report"),
        ("groups", "softsym.symmetries"),
        ("init", "softsym.cli.init"),
        ("convert", "softsym.cli.convert"),
        ("predict", "softsym.cli.predict"),
        ("export", "softsym.cli.export"),
    ],
)
def test_runs_the_script_with_the_other_arguments(command, module, run):
    assert run(command, "a=1", "--help") == [(module, ["a=1", "--help"])]
    assert sys.path[0] == ""


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_commands(arguments, run, capsys):
    assert run(*arguments) == []
    text = capsys.readouterr().out
    for name in console.COMMANDS:
        assert f"\n  {name}" in text


def test_version(run, capsys):
    assert run("--version") == []
    assert capsys.readouterr().out == f"softsym {__version__}\n"


def test_unknown_command(run, capsys):
    with pytest.raises(SystemExit, match="2"):
        run("trian")
    assert "no command 'trian'. Did you mean 'train'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "original", "words"),
    [
        (["train.py", "a=1"], ["python", "train.py", "a=1"], ["python", "train.py"]),
        (["/x/train.py"], ["python", "/env/bin/softsym", "train"], ["softsym", "train"]),
        (["/x/train.py"], ["python", "-m", "softsym.train"], ["python", "-m", "softsym.train"]),
        (["/x"], ["python", "-m", "softsym", "train", "a"], ["python", "-m", "softsym", "train"]),
        (["train.py"], ["python", "-X", "dev", "train.py"], ["python", "train.py"]),
    ],
)
def test_recorded_commands_are_as_they_were_typed(argv, original, words):
    assert program(argv, original) == words


@pytest.mark.parametrize(
    ("original", "words"),
    [
        (["python", "/env/bin/softsym", "train", "--help"], "softsym sweep"),
        (["python", "-m", "softsym", "train"], "python -m softsym sweep"),
        (["python", "-m", "softsym.report", "x"], "python -m softsym.sweep"),
        (["python", "train.py"], "python sweep.py"),
        (["python", "../code/report.py"], "python ../code/sweep.py"),
        (["python"], "python sweep.py"),
    ],
)
def test_other_commands_are_named_in_the_same_way(original, words):
    assert " ".join(command_of("sweep", original)) == words


def test_commands_check_their_words_before_they_load_torch():
    modules = ("predict", "export", "report", "symmetry_test", "init")
    names = ", ".join(f"softsym.cli.{name}" for name in modules)
    slow = "{'torch', 'lightning', 'matplotlib', 'numpy'}"
    code = f"import sys, {names}; print(*{slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
