"""Records of the Waymo Open Motion Dataset: positions of all agents over 9.1 seconds at 10 Hz.

Two kinds of records are read, told apart by content: tf.train.Example (format 1.1; the keys
``state/past|current|future/x|y|z|valid`` hold 10, 1 and 80 steps of 128 agents) and Scenario
(tracks of object states). Only what is wanted of them is decoded.

Source: https://waymo.com/open/data/motion/tfexample, and scenario.proto of
https://github.com/waymo-research/waymo-open-dataset.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softsym.datamodules.motion.tfrecord import read_records
from softsym.datamodules.motion.waymo_scenario import is_scenario, read_scenario
from softsym.datamodules.motion.wire import (
    BYTES,
    Buffer,
    contents,
    fields,
    inner_field,
    inner_fields,
    packed_floats,
    packed_varints,
)

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

NOTHING = memoryview(b"")

NEITHER = (
    "this is neither a tf.train.Example nor a Scenario of the Waymo Open Motion Dataset; give "
    "files of its folders tf_example/ or scenario/"
)


@dataclass(frozen=True)
class WaymoRecord:
    """The motion of all agents of one scene.

    Args:
        positions: float64 (agents, 91, 3), centres of the agents in metres; meaningless where not
            valid.
        valid: bool (agents, 91), whether an agent is seen at a step.
        scenario_id: Name of the scene; empty where a record has none.
    """

    positions: np.ndarray
    valid: np.ndarray
    scenario_id: str = ""


def read_waymo(path: Path) -> Iterator[WaymoRecord]:
    """All records of one file, of either kind.

    Args:
        path: A TFRecord file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or a record is of another kind; says which and why.
    """
    for number, payload in enumerate(read_records(path)):
        try:
            yield parse_record(payload)
        except ValueError as error:
            raise ValueError(f"{path}, record {number}: {error}.") from error


def parse_record(payload: bytes) -> WaymoRecord:
    """Decodes a record of either kind.

    Raises:
        ValueError: If it is neither, or lacks steps, as those of the dataset's ``testing`` do.
    """
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
    found = dict(_entries(features))
    if not found.keys() - {SCENARIO_ID}:
        raise ValueError(
            "this tf.train.Example has none of the keys state/past/x ... state/future/valid. Give "
            "files of the folder tf_example/ of the Waymo Open Motion Dataset, format 1.1 or later"
        )
    coordinates = [_over_time(found, axis) for axis in AXES]
    valid = _over_time(found, "valid") > 0  # -1 stands for agents that are only padding
    if any(values.shape != valid.shape for values in coordinates):
        raise ValueError(
            "x, y, z and valid of this tf.train.Example differ in the number of agents"
        )
    name = _packed(found.get(SCENARIO_ID, NOTHING), TEXTS)
    return WaymoRecord(np.stack(coordinates, -1, dtype=np.float64), valid, bytes(name).decode())


def _entries(features: Buffer) -> Iterator[tuple[bytes, Buffer]]:
    """Wanted keys of the map and their values, still encoded."""
    for entry in inner_fields(features, 1):
        key = bytes(inner_field(entry, 1))
        if key in WANTED:
            yield key, inner_field(entry, 2)


def _over_time(found: dict[bytes, Buffer], what: str) -> np.ndarray:
    """One quantity (agents, 91), its three parts joined."""
    return np.concatenate([_part(found, part, what) for part in PARTS], axis=1)


def _part(found: dict[bytes, Buffer], part: str, what: str) -> np.ndarray:
    """One quantity (agents, steps) over the past, now, or over the future."""
    key = f"state/{part}/{what}"
    if key.encode() not in found:
        raise ValueError(
            f"this tf.train.Example lacks {key}. Records of the dataset's folder testing/ hide the "
            "future: give those of training/ or validation/"
        )
    feature = found[key.encode()]
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
    """The numbers, still encoded, or the only text of a tf.train.Feature."""
    return inner_field(inner_field(feature, kind), 1)
