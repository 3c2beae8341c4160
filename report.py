"""Gathers many runs into one page: ``python report.py --help``."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports leaves no traceback

from softsym.cli.errors import reported
from softsym.cli.report import main

if __name__ == "__main__":
    with reported(command="report"):
        main()
