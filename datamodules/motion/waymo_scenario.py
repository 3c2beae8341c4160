"""Reads the tracks of a Scenario proto in bulk: equally laid out states by one numpy view.

Source: scenario.proto of https://github.com/waymo-research/waymo-open-dataset; the field numbers
were checked on a real file.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np

from softsym.datamodules.motion.protobuf import (
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
"""Bytes before a state shorter than 128: its tag and its length."""

Run = tuple[bytes, int]
"""Consecutive states of one length with their heads, and the number of bytes of each."""

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
"""Layout of a valid state as protobuf libraries write it, 59 bytes after the head: three doubles,
six unused floats (extent, heading, velocity) and a truth value, each preceded by its tag."""


def is_scenario(top: Sequence[Field]) -> bool:
    """Whether the fields of a message include the name and the tracks of a Scenario."""
    kinds = {(number, kind) for number, kind, _ in top}
    return {(TRACKS, BYTES), (SCENARIO_ID, BYTES)} <= kinds


def read_scenario(top: Sequence[Field], steps: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Reads a Scenario, given its fields and the required number of states per track.

    Returns positions, float64 (agents, steps, 3) in metres, zero if a state has none; validity,
    bool (agents, steps); and the name.
    """
    runs: list[Run] = []
    for number, track in enumerate(contents(top, TRACKS)):
        of_track = list(_state_runs(track))
        count = sum(len(content) // width for content, width in of_track)
        if count != steps:
            raise ValueError(
                f"track {number} of this Scenario has {count} states, not {steps}. Records of the "
                "dataset's folder testing/ hide the future: give those of training/ or validation/"
            )
        runs += of_track
    positions, valid = _decode(runs)
    name = bytes(next(contents(top, SCENARIO_ID))).decode()
    return positions.reshape(-1, steps, 3), valid.reshape(-1, steps), name


def _state_runs(track: Buffer) -> Iterator[Run]:
    """Splits the states of a track into runs of one length; there are too many for a loop."""
    raw, at = bytes(track), 0
    while at < len(raw):
        if raw[at] == STATE_TAG and at + 1 < len(raw) and raw[at + 1] < 0x80:
            run = _run_pattern(raw[at + 1]).match(raw, at)
            if run is None:
                raise ValueError("the last state of a track is truncated")
            yield run[0], raw[at + 1] + HEAD
            at = run.end()
        else:  # a long state, or another field of the track
            number, _, value, at = read_field(track, at)
            if number == STATES and not isinstance(value, int):
                yield bytes(HEAD) + value, len(value) + HEAD


@cache
def _run_pattern(length: int) -> re.Pattern[bytes]:
    """Matches consecutive states of one length below 128; possessive, so it never backtracks."""
    head = re.escape(bytes([STATE_TAG, length]))
    return re.compile(b"(?s:%b.{%d})++" % (head, length))


def _decode(runs: list[Run]) -> tuple[np.ndarray, np.ndarray]:
    """Decodes positions (n, 3) and validity (n,) of all states."""
    size = USUAL.itemsize
    # Whether each state has the usual size, in the order of all states.
    usual = np.repeat([w == size for _, w in runs], [len(c) // w for c, w in runs]).astype(bool)
    table = np.frombuffer(b"".join(c for c, w in runs if w == size), USUAL)
    # The size alone does not prove the usual layout; every tag must be in its place.
    fits = np.logical_and.reduce([table[f"t{i}"] == tag for i, tag in enumerate(TAGS)])
    decoded = np.zeros((len(usual), 4))
    columns = [table[name][fits] for name in ("cx", "cy", "cz", "valid")]
    decoded[np.flatnonzero(usual)[fits]] = np.stack(columns, axis=-1)
    odd = [row.tobytes()[HEAD:] for row in table[~fits]]
    decoded[np.flatnonzero(usual)[~fits]] = _decode_any(odd)
    others = [(c, w) for c, w in runs if w != size]
    states = [c[i + HEAD : i + w] for c, w in others for i in range(0, len(c), w)]
    decoded[~usual] = _decode_any(states)
    return decoded[:, :3], decoded[:, 3] != 0


def _decode_any(states: list[bytes]) -> np.ndarray:
    """Decodes states of any layout to (n, 4); parses equal ones, of unseen agents, only once."""
    different = list(dict.fromkeys(states))
    places = {state: place for place, state in enumerate(different)}
    chosen = [places[state] for state in states]
    return np.array([_decode_state(state) for state in different]).reshape(-1, 4)[chosen]


def _decode_state(message: bytes) -> tuple[float, float, float, bool]:
    values = {number: value for number, _, value in fields(memoryview(message))}
    x, y, z = (_double(values.get(number)) for number in CENTRE)
    return x, y, z, bool(values.get(VALID, 0))


def _double(value: object) -> float:
    # Protobuf omits fields that are zero.
    if not isinstance(value, memoryview) or len(value) != 8:
        return 0.0
    (number,) = struct.unpack("<d", value)
    return float(number)
