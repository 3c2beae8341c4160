"""The wire format: round trips, agreement with protobuf's own rules, and broken messages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenario_files import write_double, write_float, write_varint

from softsym.datamodules.motion import protobuf

INT64 = st.integers(-(2**63), 2**63 - 1)
NUMBER = st.integers(1, 2**20)


def parsed(message):
    return [(n, k, v if isinstance(v, int) else bytes(v)) for n, k, v in protobuf.fields(message)]


def signed(value):
    return value - 2**64 if value >= 2**63 else value


@given(number=NUMBER, value=INT64)
def test_varint_round_trip(number, value):
    ((actual, kind, read),) = parsed(memoryview(write_varint(number, value)))
    assert (actual, kind, signed(read)) == (number, protobuf.VARINT, value)


@given(values=st.lists(INT64, max_size=50))
def test_packed_varints_round_trip(values):
    message = memoryview(protobuf.write_varints(3, np.array(values, np.int64)))
    read = protobuf.packed_varints(protobuf.inner_field(message, 3))
    assert read.dtype == np.int64
    assert read.tolist() == values


@given(values=st.lists(st.booleans(), max_size=50))
def test_packed_truth_values_take_a_byte_each(values):
    message = protobuf.write_varints(1, np.array(values, bool))
    assert message[2:] == bytes(values)
    assert protobuf.packed_varints(protobuf.inner_field(memoryview(message), 1)).tolist() == values


@given(values=st.lists(st.floats(width=32, allow_nan=False), max_size=50))
def test_packed_floats_round_trip(values):
    message = memoryview(protobuf.write_floats(1, np.array(values)))
    assert protobuf.packed_floats(protobuf.inner_field(message, 1)).tolist() == values


@given(
    parts=st.lists(
        st.one_of(
            st.tuples(NUMBER, st.just(protobuf.VARINT), st.integers(0, 2**64 - 1)),
            st.tuples(NUMBER, st.just(protobuf.BYTES), st.binary(max_size=200)),
        )
    )
)
def test_messages_of_several_fields(parts):
    write = {protobuf.VARINT: write_varint, protobuf.BYTES: protobuf.write_bytes}
    message = b"".join(write[kind](number, value) for number, kind, value in parts)
    assert parsed(memoryview(message)) == parts


def test_examples_of_the_documentation():
    # protobuf.dev, "Encoding": test1.a = 150, and test2.b = "testing"
    assert write_varint(1, 150).hex() == "089601"
    assert protobuf.write_bytes(2, b"testing").hex() == "120774657374696e67"
    assert write_varint(1, -2).hex() == "08feffffffffffffffff01"


def test_fixed_width_fields():
    message = memoryview(write_double(4, 0.5) + write_float(5, -2.0))
    assert parsed(message) == [
        (4, protobuf.FIXED64, np.float64(0.5).tobytes()),
        (5, protobuf.FIXED32, np.float32(-2).tobytes()),
    ]


def test_inner_fields_keep_order_and_skip_others():
    parts = [
        protobuf.write_bytes(1, b"a"),
        write_varint(1, 7),
        protobuf.write_bytes(2, b"b"),
    ]
    message = memoryview(b"".join([*parts, protobuf.write_bytes(1, b"c")]))
    assert [bytes(content) for content in protobuf.inner_fields(message, 1)] == [b"a", b"c"]
    assert bytes(protobuf.inner_field(message, 1)) == b"c"
    assert bytes(protobuf.inner_field(message, 9)) == b""


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"\x0b", "byte 0 starts a field of the unknown wire type 3"),
        (b"\x12\x05abc", "the field at byte 0 needs 5 bytes, 3 are left"),
        (b"\x08\x01\x11abc", "the field at byte 2 needs 8 bytes, 3 are left"),
        (b"\x08\xff\xff", "the number at byte 1 does not end"),
        (b"\x80" * 12, "the number at byte 0 does not end"),
        (b"\x12", "the number at byte 1 does not end"),
    ],
)
def test_broken_messages(message, error):
    with pytest.raises(ValueError, match=error):
        list(protobuf.fields(memoryview(message)))


@pytest.mark.parametrize("content", [b"\x01\x80", b"\x80", b"\x80" * 11 + b"\x01"])
def test_broken_packed_varints(content):
    with pytest.raises(ValueError, match="contains one that does not end"):
        protobuf.packed_varints(memoryview(content))


def test_broken_packed_floats():
    with pytest.raises(ValueError, match="6 bytes are not a whole number of 32-bit floats"):
        protobuf.packed_floats(memoryview(bytes(6)))
