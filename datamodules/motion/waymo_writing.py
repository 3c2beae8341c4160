"""Encodes motion as records of the Waymo Open Motion Dataset, for the demo."""

from __future__ import annotations

import numpy as np

from softsym.datamodules.motion.protobuf import write_bytes, write_floats, write_varints
from softsym.datamodules.motion.waymo_records import (
    AXES,
    FLOATS,
    INTEGERS,
    PARTS,
    TEXTS,
    WaymoRecord,
)

AGENTS = 128
"""Number of agents in a tf.train.Example, filled up by padding."""

PADDING = -1.0


def example_payload(record: WaymoRecord) -> bytes:
    """Encodes the record as a tf.train.Example of format 1.1, padded to 128 agents; float32."""
    count = len(record.valid)
    if count > AGENTS:
        raise ValueError(f"A tf.train.Example holds {AGENTS} agents, this record has {count}.")
    filling = ((0, AGENTS - count), (0, 0))
    valid = np.pad(record.valid, filling)
    seen = np.where(record.valid[..., None], record.positions, PADDING)
    axes = [np.pad(seen[..., i], filling, constant_values=PADDING) for i in range(3)]
    name = write_bytes(1, record.scenario_id.encode())
    entries = [_entry("scenario/id", write_bytes(TEXTS, name))]
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


def _entry(key: str, feature: bytes) -> bytes:
    return write_bytes(1, write_bytes(1, key.encode()) + write_bytes(2, feature))  # map entry
