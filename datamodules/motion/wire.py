"""The wire format of protocol buffers, as far as motion records need it, without protobuf.

A message is a row of fields, each a tag (field number * 8 + wire type, a varint) and a value. Rows
of numbers are packed into one field and read in bulk. Source: "Encoding", protobuf.dev.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; 3 and 4, the groups of old, are not read."""

Buffer = memoryview
Value = int | memoryview
"""An unsigned number for varints, the bytes themselves for the other wire types."""

Field = tuple[int, int, Value]
"""Number, wire type and value."""

WIDTHS = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT = 10


def fields(message: Buffer) -> Iterator[Field]:
    """Fields of a message in order: number, wire type and value.

    Args:
        message: Bytes of the message.

    Raises:
        ValueError: If the bytes are no message.
    """
    at = 0
    while at < len(message):
        number, kind, value, at = read_field(message, at)
        yield number, kind, value


def read_field(message: Buffer, at: int) -> tuple[int, int, Value, int]:
    """The field at a place: number, wire type, value, and the place after it.

    Raises:
        ValueError: If no field starts there, or it does not end within the message.
    """
    tag, start = message[at], at + 1
    if tag >= 0x80:
        tag, start = read_varint(message, at)
    number, kind = tag >> 3, tag & 7
    if kind == VARINT:
        value, after = read_varint(message, start)
        return number, kind, value, after
    if kind == BYTES:
        length, start = read_varint(message, start)
    elif kind in WIDTHS:
        length = WIDTHS[kind]
    else:
        raise ValueError(f"byte {at} starts a field of wire type {kind}, which none has")
    if start + length > len(message):
        left = len(message) - start
        raise ValueError(f"the field at byte {at} needs {length} bytes, {left} are left")
    return number, kind, message[start : start + length], start + length


def inner_fields(message: Buffer, number: int) -> Iterator[Buffer]:
    """Contents of the fields of that number that hold bytes: texts, messages, packed rows.

    Raises:
        ValueError: If the bytes are no message.
    """
    return contents(fields(message), number)


def contents(found: Iterable[Field], number: int) -> Iterator[Buffer]:
    """As :func:`inner_fields`, of fields that are parsed already."""
    for field, kind, value in found:
        if field == number and kind == BYTES and not isinstance(value, int):
            yield value


def read_varint(message: Buffer, at: int) -> tuple[int, int]:
    """An unsigned number at a place, and the place after it.

    Raises:
        ValueError: If it does not end.
    """
    value, shift = 0, 0
    for place in range(at, min(at + LONGEST_VARINT, len(message))):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place + 1
        shift += 7
    raise ValueError(f"the number at byte {at} does not end")


def inner_field(message: Buffer, number: int) -> Buffer:
    """Content of the last field of that number that holds bytes; no bytes where there is none."""
    found = memoryview(b"")
    for content in inner_fields(message, number):
        found = content
    return found


def packed_varints(content: Buffer) -> np.ndarray:
    """Numbers of a packed row of varints, int64 (n,).

    Raises:
        ValueError: If the last one does not end, or one has more than ten bytes.
    """
    raw = np.frombuffer(content, np.uint8)
    if not len(raw):
        return np.empty(0, np.int64)
    ends = np.flatnonzero(raw < 0x80)
    if len(ends) == len(raw):
        return raw.astype(np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if not len(ends) or ends[-1] != len(raw) - 1 or lengths.max() > LONGEST_VARINT:
        raise ValueError("a packed row of numbers holds one that does not end")
    place = np.arange(len(raw)) - np.repeat(starts, lengths)
    parts = (raw & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.bitwise_or.reduceat(parts, starts).view(np.int64)


def packed_floats(content: Buffer) -> np.ndarray:
    """Numbers of a packed row of 32-bit floats, float32 (n,), a view of the bytes.

    Raises:
        ValueError: If the bytes are no whole numbers of floats.
    """
    if len(content) % 4:
        raise ValueError(f"{len(content)} bytes are no whole number of 32-bit floats")
    return np.frombuffer(content, "<f4")


def varint(value: int) -> bytes:
    """Bytes of an integer; negative ones, of ten bytes, in two's complement of 64 bits.

    Example:
        >>> varint(300).hex()
        'ac02'
    """
    left, out = value & 0xFFFFFFFFFFFFFFFF, bytearray()
    while left >= 0x80:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def write_varint(number: int, value: int) -> bytes:
    """A field that holds an integer or a truth value."""
    return varint(number << 3 | VARINT) + varint(value)


def write_double(number: int, value: float) -> bytes:
    """A field that holds a 64-bit float."""
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def write_float(number: int, value: float) -> bytes:
    """A field that holds a 32-bit float."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)


def write_bytes(number: int, content: bytes) -> bytes:
    """A field that holds bytes: a text, a message, or a packed row."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def write_varints(number: int, values: np.ndarray) -> bytes:
    """A field that holds a packed row of integers (n,)."""
    small = np.asarray(values, np.int64)
    if small.size and small.min() >= 0 and small.max() < 0x80:
        return write_bytes(number, small.astype(np.uint8).tobytes())
    return write_bytes(number, b"".join(map(varint, small.tolist())))


def write_floats(number: int, values: np.ndarray) -> bytes:
    """A field that holds a packed row of 32-bit floats (n,)."""
    return write_bytes(number, np.asarray(values, "<f4").tobytes())
