"""Says how large a result would be, before memory is asked for it."""

from __future__ import annotations

import os

NO_LIMIT_KNOWN = 8 * 2**30


class TooLargeError(ValueError, MemoryError):
    """What was asked for would not fit into memory; nothing was tried."""


def memory_limit() -> int:
    """Bytes that one result may take: half of the machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):  # no such question on this system
        return NO_LIMIT_KNOWN


def require_memory(numbers: int, what: str, instead: str) -> None:
    """Checks that float64 numbers fit into memory.

    Args:
        numbers: How many.
        what: What they are, as the beginning of a sentence.
        instead: What to do instead.

    Raises:
        TooLargeError: If they take more than half of the machine's memory.
    """
    limit = memory_limit()
    if 8 * numbers > limit:
        raise TooLargeError(
            f"{what} needs {8 * numbers / 2**30:,.1f} GiB, more than half of this machine's memory "
            f"({limit / 2**30:,.1f} GiB). {instead}"
        )
