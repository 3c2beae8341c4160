"""TFRecord files without TensorFlow: a row of records, each guarded by checksums.

A record is, little-endian: the length of the payload (uint64), the masked CRC-32C of these eight
bytes (uint32), the payload, and its masked CRC-32C. Source: "TFRecords format details",
https://www.tensorflow.org/tutorials/load_data/tfrecord.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import google_crc32c

HEADER = struct.Struct("<QI")
CHECKSUM = struct.Struct("<I")
MASK = 0xA282EAD8
GZIP_MAGIC = b"\x1f\x8b"


def read_records(path: Path) -> Iterator[bytes]:
    """Payloads of a file in order, each checked before it is given.

    Args:
        path: A TFRecord file, not compressed.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is empty, no TFRecord file, cut short or damaged; the message names the
            file, the record (counted from 0) and its first byte.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no TFRecord file {path}. Check the path.")
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"{path} is empty (0 bytes). Fetch it again.")
    with path.open("rb") as file:
        number, start = 0, 0
        while start < size:
            payload = _record(file, f"{path}, record {number} at byte {start}", number, size)
            yield payload
            number, start = number + 1, file.tell()


def write_records(path: Path, payloads: Iterable[bytes]) -> None:
    """Writes a file that TensorFlow reads too; renamed into place when it is whole.

    Args:
        path: The file, replaced if it exists; its folder is there already.
        payloads: Contents of the records.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            for payload in payloads:
                file.write(framed(payload))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def framed(payload: bytes) -> bytes:
    """A payload with its length and checksums, as it stands in a file."""
    length = struct.pack("<Q", len(payload))
    return b"".join(
        (
            length,
            CHECKSUM.pack(masked_checksum(length)),
            payload,
            CHECKSUM.pack(masked_checksum(payload)),
        )
    )


def masked_checksum(content: bytes) -> int:
    """CRC-32C of the bytes, turned by 15 bits and shifted, so that no file holds a plain one.

    Example:
        >>> hex(masked_checksum(b"123456789"))  # the plain one is 0xe3069283
        '0xc78ab0e5'
    """
    checksum = int(google_crc32c.value(content))
    return ((checksum >> 15 | checksum << 17) + MASK) & 0xFFFFFFFF


def _record(file: BinaryIO, where: str, number: int, size: int) -> bytes:
    """The next payload; ``where`` names the record for an error."""
    head = file.read(HEADER.size)
    if number == 0:
        _check_kind(head, where)
    if len(head) < HEADER.size:
        raise _cut_short(where, HEADER.size, len(head))
    length, checksum = HEADER.unpack(head)
    if masked_checksum(head[:8]) != checksum:
        raise ValueError(f"{where} has a wrong checksum of its length. Fetch the file again.")
    left = size - file.tell()
    if length + CHECKSUM.size > left:
        raise _cut_short(where, length + CHECKSUM.size, left)
    payload = file.read(length)
    (checksum,) = CHECKSUM.unpack(file.read(CHECKSUM.size))
    if masked_checksum(payload) != checksum:
        raise ValueError(
            f"{where} has a wrong checksum of its {length} bytes: they are damaged. "
            "Fetch the file again."
        )
    return payload


def _check_kind(head: bytes, where: str) -> None:
    """Raises if the first bytes of a file cannot be those of a record."""
    if head.startswith(GZIP_MAGIC):
        raise ValueError(f"{where}: the file is compressed by gzip. Run gunzip on it first.")
    if len(head) == HEADER.size and masked_checksum(head[:8]) != HEADER.unpack(head)[1]:
        raise ValueError(
            f"{where}: the file starts with {head[:8]!r}, which is no header of a TFRecord with "
            "its checksum. It is of another kind, or its first bytes are damaged; give the "
            "uncompressed .tfrecord file of the dataset."
        )


def _cut_short(where: str, needed: int, left: int) -> ValueError:
    return ValueError(
        f"{where} is cut short: {needed} bytes should follow, the file has {left}. Fetch it again."
    )
