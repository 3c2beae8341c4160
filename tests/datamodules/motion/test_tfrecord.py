"""TFRecord framing: round trips, and errors that name the file and the place."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softsym.datamodules.motion.tfrecord import framed, masked_checksum, read_records, write_records


@pytest.fixture
def path(tmp_path):
    """A file of three records: 5, 0 and 300 bytes."""
    path = tmp_path / "three.tfrecord"
    write_records(path, [b"first", b"", bytes(300)])
    return path


def damage(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 0x10
    path.write_bytes(content)


@given(payloads=st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_round_trip(payloads, tmp_path_factory):
    path = tmp_path_factory.mktemp("records") / "any.tfrecord"
    write_records(path, payloads)
    assert list(read_records(path)) == payloads


def test_known_checksums():
    # CRC-32C of 32 zero bytes, from RFC 3720, section B.4
    plain = 0x8A9136AA
    turned = (plain >> 15 | plain << 17) & 0xFFFFFFFF
    assert masked_checksum(bytes(32)) == (turned + 0xA282EAD8) & 0xFFFFFFFF


def test_layout_of_a_record():
    record = framed(b"abc")
    assert record[:8] == struct.pack("<Q", 3)
    assert record[12:15] == b"abc"
    assert len(record) == 8 + 4 + 3 + 4


def test_writing_leaves_nothing_else_behind(path):
    assert [p.name for p in path.parent.iterdir()] == ["three.tfrecord"]


def test_failed_writing_leaves_the_old_file(path):
    def broken():
        yield b"new"
        raise RuntimeError("stopped")

    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="stopped"):
        write_records(path, broken())
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["three.tfrecord"]


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no TFRecord file .*absent\.tfrecord"):
        next(read_records(tmp_path / "absent.tfrecord"))


def test_empty_file(tmp_path):
    path = tmp_path / "empty.tfrecord"
    path.touch()
    with pytest.raises(ValueError, match=r"empty\.tfrecord is empty \(0 bytes\)\. Fetch it again"):
        next(read_records(path))


@pytest.mark.parametrize(
    ("size", "record", "start"),
    [(7, 0, 0), (14, 0, 0), (20, 0, 0), (25, 1, 21), (36, 1, 21), (40, 2, 37), (352, 2, 37)],
)
def test_truncated_file(path, size, record, start):
    path.write_bytes(path.read_bytes()[:size])
    message = rf"three\.tfrecord, record {record} at byte {start} is truncated: \d+ bytes should"
    with pytest.raises(ValueError, match=message):
        list(read_records(path))


@pytest.mark.parametrize("at", [55, 348, 350])
def test_corrupt_payload_or_checksum(path, at):
    damage(path, at)
    records = read_records(path)
    assert [next(records), next(records)] == [b"first", b""]
    message = r"record 2 at byte 37 has a wrong checksum of its 300 bytes: they are damaged\. Fetch"
    with pytest.raises(ValueError, match=message):
        next(records)


@pytest.mark.parametrize("at", [37, 44, 46])
def test_corrupt_length(path, at):
    damage(path, at)
    with pytest.raises(ValueError, match="record 2 at byte 37 has a wrong checksum of its length"):
        list(read_records(path))


def test_file_of_another_kind(tmp_path):
    path = tmp_path / "text.tfrecord"
    path.write_text("frame\tpedestrian\tx\ty\n")
    with pytest.raises(ValueError, match=r"at byte 0: the file starts with b'frame\\tpe', which"):
        next(read_records(path))


def test_compressed_file(tmp_path):
    path = tmp_path / "packed.tfrecord"
    path.write_bytes(b"\x1f\x8b" + bytes(40))
    with pytest.raises(ValueError, match=r"compressed by gzip\. Run gunzip on it first"):
        next(read_records(path))
