"""The page of one symmetry test: a self-contained HTML file."""

from __future__ import annotations

from pathlib import Path

from softsym.metrics import SymmetryTest
from softsym.reporting.html import page_template
from softsym.reporting.svg import inline_svg
from softsym.reporting.verdicts import first_word
from softsym.runs.files import write_atomically


def write_symmetry_test(
    test: SymmetryTest, path: Path | str, title: str, types: tuple[str, str]
) -> None:
    """Writes the page of a test in one step.

    Args:
        test: The test.
        path: The file to write.
        title: What was tested, such as the name of the file.
        types: Types of the inputs and the targets.
    """
    picture = inline_svg(test.plot(), "intervals", "Intervals of the break of each symmetry")
    page = page_template("symmetry_test.html.j2").render(
        test=test, title=title, types=types, picture=picture, word=first_word
    )
    write_atomically(path, page)
