"""Tracks of a Scenario proto in bulk: states that are laid out alike are read by one indexing.

Source: scenario.proto of https://github.com/waymo-research/waymo-open-dataset; the numbers of the
fields were checked on a real file.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from softsym.datamodules.motion.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    Buffer,
    Field,
    contents,
    fields,
    read_field,
)

TRACKS, SCENARIO_ID = 2, 5
"""Fields of a Scenario."""

STATES = 3
"""Field of a Track."""

CENTRE, VALID = (2, 3, 4), 11
"""Fields of an ObjectState: x, y, z of the centre, and whether it was seen."""

STATE_TAG = STATES << 3 | BYTES
HEAD = 2
"""Bytes before a state that is shorter than 128: its tag and its length."""

Run = tuple[bytes, int]
"""States of one length with their heads, one after the other, and the bytes of each."""

TAGS = [
    *(number << 3 | FIXED64 for number in CENTRE),
    *(number << 3 | FIXED32 for number in range(5, 11)),
    VALID << 3 | VARINT,
]
VALUES = [("cx", "<f8"), ("cy", "<f8"), ("cz", "<f8"), *((f"o{i}", "<f4") for i in range(6))]
USUAL = np.dtype(
    [
        ("head", "V2"),
        *(e for i, v in enumerate([*VALUES, ("valid", "u1")]) for e in ((f"t{i}", "u1"), v)),
    ]
)
"""A valid state as protobuf libraries write it, 59 bytes after the head: three doubles, six floats
that are not wanted (extent, heading, velocity) and a truth value, a tag before each."""

USUAL_TAGS = {f"t{i}": tag for i, tag in enumerate(TAGS)}

State = tuple[float, float, float, bool]


def is_scenario(top: Sequence[Field]) -> bool:
    """Whether the fields of a message are a name and tracks where a Scenario has them."""
    found = {(number, kind) for number, kind, _ in top}
    return {(TRACKS, BYTES), (SCENARIO_ID, BYTES)} <= found


def read_scenario(top: Sequence[Field], steps: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Positions, validity and name of a Scenario.

    Args:
        top: The fields of the Scenario.
        steps: States that each track must have.

    Returns:
        float64 (agents, steps, 3) in metres, zero where a state has none; bool (agents, steps);
        the name.

    Raises:
        ValueError: If a track has another number of states.
    """
    runs: list[Run] = []
    for number, track in enumerate(contents(top, TRACKS)):
        found = list(_runs(track))
        count = sum(len(content) // width for content, width in found)
        if count != steps:
            raise ValueError(
                f"track {number} of this Scenario has {count} states, not {steps}. Records of the "
                "dataset's folder testing/ hide the future: give those of training/ or validation/"
            )
        runs += found
    positions, valid = _decoded(runs)
    name = bytes(next(contents(top, SCENARIO_ID))).decode()
    return positions.reshape(-1, steps, 3), valid.reshape(-1, steps), name


def _runs(track: Buffer) -> Iterator[Run]:
    """The states of a track in runs of one length, as there are too many to look at each."""
    raw, at = bytes(track), 0
    while at < len(raw):
        if raw[at] == STATE_TAG and at + 1 < len(raw) and raw[at + 1] < 0x80:
            run = _pattern(raw[at + 1]).match(raw, at)
            if run is None:
                raise ValueError("the last state of a track is cut short")
            yield run[0], raw[at + 1] + HEAD
            at = run.end()
        else:
            number, _, value, at = read_field(track, at)
            if number == STATES and not isinstance(value, int):
                yield bytes(HEAD) + value, len(value) + HEAD


@cache
def _pattern(length: int) -> re.Pattern[bytes]:
    """Finds one state after the other as long as they have that length, below 128."""
    head = re.escape(bytes([STATE_TAG, length]))
    return re.compile(b"(?s:%b.{%d})++" % (head, length))


def _decoded(runs: list[Run]) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, 3) and validity (n,) of all states."""
    size = USUAL.itemsize
    usual = np.repeat([w == size for _, w in runs], [len(c) // w for c, w in runs]).astype(bool)
    table = np.frombuffer(b"".join(c for c, w in runs if w == size), USUAL)
    fits = np.logical_and.reduce([table[tag] == value for tag, value in USUAL_TAGS.items()])
    decoded = np.zeros((len(usual), 4))
    columns = [table[name][fits] for name in ("cx", "cy", "cz", "valid")]
    decoded[np.flatnonzero(usual)[fits]] = np.stack(columns, axis=-1)
    odd = [row.tobytes()[HEAD:] for row in table[~fits]]
    decoded[np.flatnonzero(usual)[~fits]] = _table(odd)
    others = [(c, w) for c, w in runs if w != size]
    decoded[~usual] = _table([c[i + HEAD : i + w] for c, w in others for i in range(0, len(c), w)])
    return decoded[:, :3], decoded[:, 3] != 0


def _table(states: list[bytes]) -> np.ndarray:
    """States (n, 4) of any layout. Most are the same few, of agents not seen, and parsed once."""
    different = list(dict.fromkeys(states))
    places = {state: place for place, state in enumerate(different)}
    chosen = [places[state] for state in states]
    return np.array([_state(state) for state in different]).reshape(-1, 4)[chosen]


def _state(message: bytes) -> State:
    """Centre and validity of a state of any layout."""
    found = {number: value for number, _, value in fields(memoryview(message))}
    x, y, z = (_double(found.get(number)) for number in CENTRE)
    return x, y, z, bool(found.get(VALID, 0))


def _double(value: object) -> float:
    if not isinstance(value, memoryview) or len(value) != 8:
        return 0.0
    (number,) = struct.unpack("<d", value)
    return float(number)
