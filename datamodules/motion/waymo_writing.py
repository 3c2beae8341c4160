"""Encodes motion as records of the Waymo Open Motion Dataset, for the demo and for tests."""

from __future__ import annotations

import numpy as np

from softsym.datamodules.motion.protobuf import (
    write_bytes,
    write_double,
    write_float,
    write_floats,
    write_varint,
    write_varints,
)
from softsym.datamodules.motion.waymo_records import (
    AXES,
    FLOATS,
    INTEGERS,
    PARTS,
    TEXTS,
    WaymoRecord,
)
from softsym.datamodules.motion.waymo_scenario import CENTRE, SCENARIO_ID, STATES, TRACKS, VALID

AGENTS = 128
"""Number of agents in a tf.train.Example, filled up by padding."""

PADDING = -1.0
TIMESTAMPS, CURRENT_INDEX, EXTENTS = 1, 10, range(5, 11)


def example_payload(record: WaymoRecord) -> bytes:
    """Encodes the record as a tf.train.Example of format 1.1, padded to 128 agents; float32."""
    count = len(record.valid)
    if count > AGENTS:
        raise ValueError(f"A tf.train.Example holds {AGENTS} agents, this record has {count}.")
    filling = ((0, AGENTS - count), (0, 0))
    valid = np.pad(record.valid, filling)
    seen = np.where(record.valid[..., None], record.positions, PADDING)
    axes = [np.pad(seen[..., i], filling, constant_values=PADDING) for i in range(3)]
    entries = [_entry("scenario/id", write_bytes(TEXTS, _text(record.scenario_id)))]
    start = 0
    for part, length in PARTS.items():
        steps = slice(start, start + length)
        for axis, values in zip(AXES, axes, strict=True):
            content = write_floats(1, values[:, steps].ravel())
            entries.append(_entry(f"state/{part}/{axis}", write_bytes(FLOATS, content)))
        content = write_varints(1, valid[:, steps].ravel())
        entries.append(_entry(f"state/{part}/valid", write_bytes(INTEGERS, content)))
        start += length
    return write_bytes(1, b"".join(entries))  # tf.Example.features


def scenario_payload(record: WaymoRecord) -> bytes:
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


def _entry(key: str, feature: bytes) -> bytes:
    return write_bytes(1, write_bytes(1, key.encode()) + write_bytes(2, feature))  # map entry


def _text(text: str) -> bytes:
    return write_bytes(1, text.encode())


def _track(number: int, positions: list[list[float]], valid: list[bool]) -> bytes:
    states = (_state(place, seen) for place, seen in zip(positions, valid, strict=True))
    return write_varint(1, number) + b"".join(write_bytes(STATES, state) for state in states)


def _state(position: list[float], seen: bool) -> bytes:
    if not seen:
        return write_varint(VALID, 0)
    centre = b"".join(write_double(n, v) for n, v in zip(CENTRE, position, strict=True))
    return centre + b"".join(write_float(n, 0.0) for n in EXTENTS) + write_varint(VALID, 1)
