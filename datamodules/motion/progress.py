"""Progress of long work: a bar on a terminal, log entries elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

log = logging.getLogger(__name__)

Item = TypeVar("Item")

LOG_EVERY = 10.0
"""Seconds between two log entries."""


def with_progress(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """Yields the items and reports their number, with ``what`` such as ``scenes read``."""
    if sys.stderr.isatty():
        columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn(what), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            yield from bar.track(items, total=total)
        return
    start = last = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= LOG_EVERY:
            last = now
            if total is None:
                log.info("%d %s", count, what)
            else:
                left = (now - start) / count * (total - count)
                log.info("%d of %d %s, about %.0f s to go", count, total, what, left)
