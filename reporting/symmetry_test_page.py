"""The page of one symmetry test: a self-contained HTML file."""

from __future__ import annotations

import math
from pathlib import Path

from softsym.metrics import SymmetryTest, Verdict
from softsym.reporting.html import page_template
from softsym.reporting.svg import inline_svg
from softsym.runs.files import write_atomically

WORDS = ("holds", "broken", "undecided", "no verdict")


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
        test=test, title=title, types=types, picture=picture, word=word, percent=percent, p=p_value
    )
    write_atomically(path, page)


def word(verdict: Verdict) -> str:
    """The first word of a verdict, which chooses its colour."""
    return next(word for word in WORDS if verdict.verdict.startswith(word)).replace(" ", "-")


def percent(share: float) -> str:
    """A share as a percentage with three digits; a dash if it is unknown."""
    return "-" if math.isnan(share) else f"{100 * share:.3g}%"


def p_value(p: float) -> str:
    """A p-value with two digits; a dash if it is unknown."""
    return "-" if math.isnan(p) else "< 1e-100" if p < 1e-100 else f"{p:.2g}"
