"""Records as Scenario protos, which the package reads but does not write."""

from __future__ import annotations

import struct

from softsym.datamodules.motion.protobuf import FIXED32, FIXED64, VARINT, varint, write_bytes
from softsym.datamodules.motion.waymo_records import PARTS
from softsym.datamodules.motion.waymo_scenario import CENTRE, SCENARIO_ID, STATES, TRACKS, VALID

TIMESTAMPS, CURRENT_INDEX, EXTENTS = 1, 10, range(5, 11)


def write_varint(number, value):
    """Encodes a field with an integer or a truth value."""
    return varint(number << 3 | VARINT) + varint(value)


def write_double(number, value):
    """Encodes a field with a 64-bit float."""
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def write_float(number, value):
    """Encodes a field with a 32-bit float."""
    return varint(number << 3 | FIXED32) + struct.pack("<f", value)


def scenario_payload(record):
    """Encodes the record as a Scenario proto; extents, headings and velocities are zero."""
    times = b"".join(write_double(TIMESTAMPS, 0.1 * i) for i in range(record.valid.shape[1]))
    tracks = b"".join(
        write_bytes(TRACKS, _track(number, positions, valid))
        for number, (positions, valid) in enumerate(
            zip(record.positions.tolist(), record.valid.tolist(), strict=True)
        )
    )
    name = write_bytes(SCENARIO_ID, record.scenario_id.encode())
    return times + tracks + name + write_varint(CURRENT_INDEX, PARTS["past"])


def _track(number, positions, valid):
    states = (_state(place, seen) for place, seen in zip(positions, valid, strict=True))
    return write_varint(1, number) + b"".join(write_bytes(STATES, state) for state in states)


def _state(position, seen):
    if not seen:
        return write_varint(VALID, 0)
    centre = b"".join(write_double(n, v) for n, v in zip(CENTRE, position, strict=True))
    return centre + b"".join(write_float(n, 0.0) for n in EXTENTS) + write_varint(VALID, 1)
