"""What a run found, as a page with pictures and as tables in the terminal."""

from reporting.figures import all_figures
from reporting.grades import Grade, grade
from reporting.html import render_report, write_report
from reporting.summary import Predictions, RunSummary, StrengthRow, SymmetryResult
from reporting.terminal import show, symmetry_table
from reporting.verdict import headline, verdict

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
