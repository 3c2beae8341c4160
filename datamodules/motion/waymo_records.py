"""Records of the Waymo Open Motion Dataset: positions of all agents over 9.1 seconds at 10 Hz.

Two kinds of records are distinguished by content: tf.train.Example (format 1.1; the keys
``state/past|current|future/x|y|z|valid`` hold 10, 1 and 80 steps of 128 agents) and Scenario
(tracks of object states). Only the required fields are decoded.

Source: https://waymo.com/open/data/motion/tfexample, and scenario.proto of
https://github.com/waymo-research/waymo-open-dataset.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softsym.datamodules.motion.protobuf import (
    BYTES,
    Buffer,
    contents,
    fields,
    inner_field,
    inner_fields,
    packed_floats,
    packed_varints,
    write_bytes,
    write_floats,
    write_varints,
)
from softsym.datamodules.motion.tfrecord import read_records
from softsym.datamodules.motion.waymo_scenario import is_scenario, read_scenario

STEPS = 91
"""Time steps of a record, 0.1 s apart: 10 past, the current one, 80 future."""

PARTS = {"past": 10, "current": 1, "future": 80}
AXES = ("x", "y", "z")
SCENARIO_ID = b"scenario/id"
WANTED = {
    SCENARIO_ID,
    *(f"state/{part}/{what}".encode() for part in PARTS for what in (*AXES, "valid")),
}
TEXTS, FLOATS, INTEGERS = 1, 2, 3
"""Fields of a tf.train.Feature."""

AGENTS = 128
"""Number of agents in a tf.train.Example, filled up by padding."""
PADDING = -1.0

NEITHER = (
    "this is neither a tf.train.Example nor a Scenario of the Waymo Open Motion Dataset; give "
    "files of its folders tf_example/ or scenario/"
)


@dataclass(frozen=True)
class WaymoRecord:
    """The motion of all agents of one scene."""

    positions: np.ndarray  # float64 (agents, 91, 3), centres in metres; meaningless if not valid
    valid: np.ndarray  # bool (agents, 91), whether an agent is seen at a step
    scenario_id: str = ""  # name of the scene; empty if a record has none


def read_waymo(path: Path) -> Iterator[WaymoRecord]:
    """Yields all records of one TFRecord file, of either kind; errors name the record."""
    for number, payload in enumerate(read_records(path)):
        try:
            yield parse_record(payload)
        except ValueError as error:
            raise ValueError(f"{path}, record {number}: {error}.") from error


def parse_record(payload: bytes) -> WaymoRecord:
    """Decodes a record of either kind, which must have all its steps."""
    try:
        top = list(fields(memoryview(payload)))
    except ValueError as error:
        raise ValueError(f"{NEITHER} ({error})") from error
    if is_scenario(top):
        return WaymoRecord(*read_scenario(top, STEPS))
    if [(number, kind) for number, kind, _ in top] == [(1, BYTES)]:
        return _from_example(next(contents(top, 1)))
    raise ValueError(NEITHER)


def _from_example(features: Buffer) -> WaymoRecord:
    # The map of features is a field per entry: key 1, value 2. Only wanted values are kept.
    wanted = {
        key: inner_field(entry, 2)
        for entry in inner_fields(features, 1)
        if (key := bytes(inner_field(entry, 1))) in WANTED
    }
    if not wanted.keys() - {SCENARIO_ID}:
        raise ValueError(
            "this tf.train.Example has none of the keys state/past/x ... state/future/valid. Give "
            "files of the folder tf_example/ of the Waymo Open Motion Dataset, format 1.1 or later"
        )
    *coordinates, valid = (
        np.concatenate([_decoded_part(wanted, part, what) for part in PARTS], axis=1)
        for what in (*AXES, "valid")
    )
    if any(values.shape != valid.shape for values in coordinates):
        raise ValueError(
            "x, y, z and valid of this tf.train.Example differ in the number of agents"
        )
    name = _packed(wanted.get(SCENARIO_ID, memoryview(b"")), TEXTS)
    positions = np.stack(coordinates, -1, dtype=np.float64)
    return WaymoRecord(positions, valid > 0, bytes(name).decode())  # valid is -1 for padding


def _decoded_part(wanted: Mapping[bytes, Buffer], part: str, what: str) -> np.ndarray:
    """Decodes one quantity (agents, steps) of the past, the current step, or the future."""
    key = f"state/{part}/{what}"
    if key.encode() not in wanted:
        raise ValueError(
            f"this tf.train.Example lacks {key}. Records of the dataset's folder testing/ hide the "
            "future: give those of training/ or validation/"
        )
    feature = wanted[key.encode()]
    if what == "valid":
        numbers = packed_varints(_packed(feature, INTEGERS))
    else:
        numbers = packed_floats(_packed(feature, FLOATS))
    if not len(numbers) or len(numbers) % PARTS[part]:
        raise ValueError(
            f"{key} has {len(numbers)} numbers, which are not {PARTS[part]} for each agent"
        )
    return numbers.reshape(-1, PARTS[part])


def _packed(feature: Buffer, kind: int) -> Buffer:
    """Returns the encoded numbers, or the only text, of a tf.train.Feature."""
    return inner_field(inner_field(feature, kind), 1)


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
