"""Refuses results that would not fit into memory, before any memory is asked for."""

from __future__ import annotations

import os

NO_LIMIT_KNOWN = 8 * 2**30
"""Bytes allowed on systems that do not tell their memory, such as Windows."""


# Linux grants more memory than it has and kills the process that uses it: a MemoryError that numpy
# or torch might raise would come too late or never
class TooLargeError(ValueError, MemoryError):
    """The result would not fit into memory; nothing was computed."""


def memory_limit() -> int:
    """Bytes that one result may take: half of the machine's memory."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):  # the system has no sysconf, or not these names
        return NO_LIMIT_KNOWN


def require_memory(numbers: int, what: str, instead: str) -> None:
    """Checks that float64 numbers fit into memory.

    Args:
        numbers: Number of float64 numbers, intermediate results included.
        what: What is computed, as the beginning of a sentence.
        instead: Advice on what to do instead.

    Raises:
        TooLargeError: If they take more than half of the machine's memory.
    """
    # half, as results are multiplied and copied after this
    limit = memory_limit()
    if 8 * numbers > limit:
        raise TooLargeError(
            f"{what} needs {_gib(8 * numbers)} GiB, more than half of this machine's memory "
            f"({_gib(limit)} GiB). {instead}"
        )


def _gib(size: int) -> str:
    # a tensor of 1000 indices has more bytes than the largest floating-point number
    digits = int(size.bit_length() * 0.30103) - 9
    return f"{size / 2**30:,.1f}" if digits < 15 else f"10^{digits}"
