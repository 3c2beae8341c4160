"""Says how far long work has come: a line on a terminal, log entries elsewhere."""

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

EVERY = 10.0
"""Seconds between two log entries."""


def followed(items: Iterable[Item], what: str) -> Iterator[Item]:
    """Passes items on and says how many there were.

    Args:
        items: Any items.
        what: What they are and what is done with them, such as ``scenes read``.

    Yields:
        The items.
    """
    if sys.stderr.isatty():
        yield from _with_bar(items, what)
    else:
        yield from _with_log(items, what)


def _with_bar(items: Iterable[Item], what: str) -> Iterator[Item]:
    columns = (SpinnerColumn(), MofNCompleteColumn(), TextColumn(what), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items, total=None)


def _with_log(items: Iterable[Item], what: str) -> Iterator[Item]:
    last = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        if time.monotonic() - last > EVERY:
            last = time.monotonic()
            log.info("%d %s", count, what)
