"""Gathers many runs into one page: ``python report.py --help``."""

from __future__ import annotations

from cli.errors import reported
from cli.report import main

if __name__ == "__main__":
    with reported():
        main()
