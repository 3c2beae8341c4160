"""What a run found, as a page with pictures and as tables in the terminal."""

from softsym.reporting.figures import all_figures
from softsym.reporting.grades import Grade, grade
from softsym.reporting.html import render_report, write_report
from softsym.reporting.summary import Predictions, RunSummary, StrengthRow, SymmetryResult
from softsym.reporting.terminal import show, symmetry_table
from softsym.reporting.verdict import headline, verdict

__all__ = [
    "Grade",
    "Predictions",
    "RunSummary",
    "StrengthRow",
    "SymmetryResult",
    "all_figures",
    "grade",
    "headline",
    "render_report",
    "show",
    "symmetry_table",
    "verdict",
    "write_report",
]
