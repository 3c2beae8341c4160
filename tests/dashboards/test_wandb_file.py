"""The reader of offline files: framing, padding, and what is cut off or damaged."""

from __future__ import annotations

import struct
import zlib

import pytest
from wandb_file import BLOCK, FIRST, FULL, LAST, MIDDLE, payloads

HEADER = struct.pack("<4sHB", b":W&B", 0xBEE1, 0)


def chunk(payload, kind):
    checksum = zlib.crc32(payload, zlib.crc32(bytes([kind])))
    return struct.pack("<IHB", checksum, len(payload), kind) + payload


def test_records_in_one_or_several_chunks():
    data = HEADER + chunk(b"one", FULL) + chunk(b"t", FIRST) + chunk(b"w", MIDDLE)
    assert list(payloads(data + chunk(b"o", LAST))) == [b"one", b"two"]


def test_end_of_a_block_is_padding():
    long = b"x" * (BLOCK - len(HEADER) - 7 - 3)
    data = HEADER + chunk(long, FULL) + b"\0" * 3
    assert len(data) == BLOCK
    assert list(payloads(data + chunk(b"next", FULL))) == [long, b"next"]


def test_record_cut_off_by_a_kill_is_left_out():
    data = HEADER + chunk(b"one", FULL) + chunk(b"two", FULL)
    assert list(payloads(data[:-1])) == [b"one"]
    assert list(payloads(b"")) == []


def test_damage_and_other_files_are_told():
    data = bytearray(HEADER + chunk(b"one", FULL))
    data[-1] ^= 1
    with pytest.raises(ValueError, match="ends at byte 17 is damaged"):
        list(payloads(bytes(data)))
    with pytest.raises(ValueError, match="Not a file of an offline run"):
        list(payloads(b"#!/bin/sh\n"))
