"""The wire format of protocol buffers, as far as motion records need it, without protobuf.

A message is a sequence of fields, each a tag (field number * 8 + wire type, a varint) and a value.
Rows of numbers are packed into one field and read in bulk. Source: "Encoding", protobuf.dev.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; 3 and 4, the deprecated groups, are not supported."""

Buffer = memoryview
"""A view instead of bytes, so that nested messages are never copied."""

Value = int | memoryview
"""An unsigned number for varints, the raw bytes for the other wire types."""

Field = tuple[int, int, Value]
"""Number, wire type and value."""

WIDTHS = {FIXED64: 8, FIXED32: 4}
LONGEST_VARINT = 10
"""Bytes of a 64-bit number at 7 bits per byte."""


def fields(message: Buffer) -> Iterator[Field]:
    """Yields the fields of a message in order; raises a ValueError if the bytes are no message."""
    at = 0
    while at < len(message):
        number, kind, value, at = read_field(message, at)
        yield number, kind, value


def read_field(message: Buffer, at: int) -> tuple[int, int, Value, int]:
    """Reads the field at a position: number, wire type, value, and the position after it."""
    tag, start = message[at], at + 1
    if tag >= 0x80:  # a tag of several bytes; nearly all tags have one, which needs no loop
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
        raise ValueError(f"byte {at} starts a field of the unknown wire type {kind}")
    if start + length > len(message):
        left = len(message) - start
        raise ValueError(f"the field at byte {at} needs {length} bytes, {left} are left")
    return number, kind, message[start : start + length], start + length


def read_varint(message: Buffer, at: int) -> tuple[int, int]:
    """Reads an unsigned number at a position; returns it and the position after it."""
    value, shift = 0, 0
    for place in range(at, min(at + LONGEST_VARINT, len(message))):
        byte = message[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # the high bit marks every byte but the last
            return value, place + 1
        shift += 7
    raise ValueError(f"the number at byte {at} does not end")


def contents(message: Iterable[Field], number: int) -> Iterator[Buffer]:
    """Yields the contents of parsed fields of that number that hold bytes."""
    for field, kind, value in message:
        if field == number and kind == BYTES and not isinstance(value, int):
            yield value


def inner_fields(message: Buffer, number: int) -> Iterator[Buffer]:
    """Yields the texts, messages or packed rows in the fields of that number."""
    return contents(fields(message), number)


def inner_field(message: Buffer, number: int) -> Buffer:
    """Returns the last of :func:`inner_fields`, which wins by the rules; empty without any."""
    *_, last = (memoryview(b""), *inner_fields(message, number))
    return last


def packed_varints(content: Buffer) -> np.ndarray:
    """Decodes a packed row of varints to int64 (n,)."""
    raw = np.frombuffer(content, np.uint8)
    if not len(raw):
        return np.empty(0, np.int64)
    ends = np.flatnonzero(raw < 0x80)
    if len(ends) == len(raw):  # numbers below 128, such as truth values
        return raw.astype(np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if not len(ends) or ends[-1] != len(raw) - 1 or lengths.max() > LONGEST_VARINT:
        raise ValueError("a packed row of numbers contains one that does not end")
    # Shift the 7 bits of every byte by its place within its number, then combine by number.
    place = np.arange(len(raw)) - np.repeat(starts, lengths)
    parts = (raw & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.bitwise_or.reduceat(parts, starts).view(np.int64)


def packed_floats(content: Buffer) -> np.ndarray:
    """Views a packed row of 32-bit floats as float32 (n,), without a copy."""
    if len(content) % 4:
        raise ValueError(f"{len(content)} bytes are not a whole number of 32-bit floats")
    return np.frombuffer(content, "<f4")


def varint(value: int) -> bytes:
    """Encodes an integer; negative ones take ten bytes, in two's complement of 64 bits.

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


def write_bytes(number: int, content: bytes) -> bytes:
    """Encodes a field with a text, a message, or a packed row."""
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def write_varints(number: int, values: np.ndarray) -> bytes:
    """Encodes a field with a packed row of integers (n,)."""
    integers = np.asarray(values, np.int64)
    if integers.size and integers.min() >= 0 and integers.max() < 0x80:  # one byte each
        return write_bytes(number, integers.astype(np.uint8).tobytes())
    return write_bytes(number, b"".join(map(varint, integers.tolist())))


def write_floats(number: int, values: np.ndarray) -> bytes:
    """Encodes a field with a packed row of 32-bit floats (n,)."""
    return write_bytes(number, np.asarray(values, "<f4").tobytes())
