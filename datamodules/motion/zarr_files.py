"""Refuses a zarr whose reading would run code: arrays of Python objects are pickles."""

from __future__ import annotations

import json
from pathlib import Path

COMPRESSORS = {"blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd"}


def require_plain_zarr(folder: Path) -> None:
    """Checks that all arrays of a zarr hold plain numbers, compressed at most.

    Raises:
        ValueError: If an array holds objects, has filters, or cannot be described.
    """
    for path in sorted(folder.glob("*/.zarray")):
        try:
            array = json.loads(path.read_text())
            codec = (array["compressor"] or {"id": "zlib"})["id"]
            plain = codec in COMPRESSORS and not array["filters"]
            plain &= "|O" not in json.dumps(array["dtype"])
        except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
            raise ValueError(f"{path} describes no array ({error}). Fetch it again.") from error
        if not plain:
            raise ValueError(
                f"{path} describes an array of Python objects or with filters, which could run "
                "code when read. The published sets have plain numbers only: fetch it again."
            )
