"""TFRecord files without TensorFlow: a sequence of records, each protected by checksums.

A record is, little-endian: the length of the payload (uint64), the masked CRC-32C of these eight
bytes (uint32), the payload, and its masked CRC-32C. Source: "TFRecords format details",
https://www.tensorflow.org/tutorials/load_data/tfrecord.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import google_crc32c

from softsym.datamodules.array_store import replace_when_complete

HEADER = struct.Struct("<QI")
CHECKSUM = struct.Struct("<I")
MASK = 0xA282EAD8
"""Constant of the format, added to every rotated checksum."""
GZIP_MAGIC = b"\x1f\x8b"


def read_records(path: Path) -> Iterator[bytes]:
    """Yields the payloads of an uncompressed file in order, each after its checksum is verified.

    Errors name the file, the record (counted from 0) and its first byte.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no TFRecord file {path}. Check the path.")
    size = path.stat().st_size
    if size == 0:
        raise ValueError(f"{path} is empty (0 bytes). Fetch it again.")
    with path.open("rb") as file:
        number, start = 0, 0
        while start < size:
            yield _read_record(file, f"{path}, record {number} at byte {start}", number, size)
            number, start = number + 1, file.tell()


def write_records(path: Path, payloads: Iterable[bytes]) -> None:
    """Writes a file that TensorFlow can read; replaces an existing one when complete."""
    with replace_when_complete(path) as unfinished, unfinished.open("wb") as file:
        for payload in payloads:
            file.write(framed(payload))


def framed(payload: bytes) -> bytes:
    """Adds length and checksums to a payload."""
    length = struct.pack("<Q", len(payload))
    head = HEADER.pack(len(payload), masked_checksum(length))
    return head + payload + CHECKSUM.pack(masked_checksum(payload))


def masked_checksum(content: bytes) -> int:
    """Computes the CRC-32C of the bytes, rotated right by 15 bits plus a constant.

    The mask is part of the format: a CRC of data that contain their own CRC would be degenerate.

    Example:
        >>> hex(masked_checksum(b"123456789"))  # the plain one is 0xe3069283
        '0xc78ab0e5'
    """
    checksum = int(google_crc32c.value(content))
    return ((checksum >> 15 | checksum << 17) + MASK) & 0xFFFFFFFF


def _read_record(file: BinaryIO, where: str, number: int, size: int) -> bytes:
    """Reads the next payload; ``where`` names the record in errors."""
    head = file.read(HEADER.size)
    if number == 0:
        _check_kind(head, where)
    if len(head) < HEADER.size:
        raise _truncated(where, HEADER.size, len(head))
    # The length is verified before it is used: a damaged one could ask for terabytes.
    length, checksum = HEADER.unpack(head)
    if masked_checksum(head[:8]) != checksum:
        raise ValueError(f"{where} has a wrong checksum of its length. Fetch the file again.")
    left = size - file.tell()
    if length + CHECKSUM.size > left:
        raise _truncated(where, length + CHECKSUM.size, left)
    payload = file.read(length)
    (checksum,) = CHECKSUM.unpack(file.read(CHECKSUM.size))
    if masked_checksum(payload) != checksum:
        raise ValueError(
            f"{where} has a wrong checksum of its {length} bytes: they are damaged. "
            "Fetch the file again."
        )
    return payload


def _check_kind(head: bytes, where: str) -> None:
    """Raises a ValueError if the first bytes of a file cannot begin a record."""
    if head.startswith(GZIP_MAGIC):
        raise ValueError(f"{where}: the file is compressed by gzip. Run gunzip on it first.")
    # Checked for the first record only: later a wrong checksum means damage, not another format.
    if len(head) == HEADER.size and masked_checksum(head[:8]) != HEADER.unpack(head)[1]:
        raise ValueError(
            f"{where}: the file starts with {head[:8]!r}, which is not a TFRecord header with a "
            "valid checksum. It is of another kind, or its first bytes are damaged; give the "
            "uncompressed .tfrecord file of the dataset."
        )


def _truncated(where: str, needed: int, left: int) -> ValueError:
    return ValueError(
        f"{where} is truncated: {needed} bytes should follow, the file has {left}. Fetch it again."
    )
