"""Gathers many runs into one page: ``python report.py --help``."""

from __future__ import annotations

from softsym.cli.errors import reported
from softsym.cli.report import main

if __name__ == "__main__":
    with reported():
        main()
