"""Every example in the documentation runs, and its commands do what they say."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from symmetries import cache_bases
from symmetries.__main__ import main

PAGES = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))


def blocks(page, language):
    """Fenced blocks of one language with the line they start in."""
    text = page.read_text()
    for found in re.finditer(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield found.group(1), text[: found.start()].count("\n") + 1


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    cache_bases(None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_of(page):
    names = {"__name__": f"docs.{page.stem}"}
    runner = doctest.DocTestRunner()
    count = 0
    for code, line in blocks(page, "python"):
        count += 1
        if ">>>" in code:
            example = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
            runner.run(example, clear_globs=False)
            names |= example.globs
        else:
            exec(compile(code, f"{page.name}:{line}", "exec"), names)
    assert count
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of(page, capsys):
    for text, _ in blocks(page, "bash"):
        for line in text.splitlines():
            prefix = "python -m symmetries"
            assert line.startswith(prefix)
            assert main(shlex.split(line.removeprefix(prefix))) == 0
    assert "rank" in capsys.readouterr().out
