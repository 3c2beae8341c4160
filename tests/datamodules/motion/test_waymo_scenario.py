"""Scenario protos: the real file, equality with tf.Example, protobuf's own bytes, odd layouts."""

from pathlib import Path

import numpy as np
import pytest
from scenario_files import scenario_payload, write_double, write_float, write_varint

from softsym.datamodules.motion.protobuf import write_bytes
from softsym.datamodules.motion.waymo_records import (
    WaymoRecord,
    example_payload,
    parse_record,
    read_waymo,
)
from softsym.datamodules.motion.waymo_windows import cut_windows

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "waymo"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="needs the real Waymo files in ../shared/data/waymo"
)
FIELDS = [
    "center_x",
    "center_y",
    "center_z",
    "length",
    "width",
    "height",
    "heading",
    "velocity_x",
    "velocity_y",
]


def record(agents=4, seed=0):
    rng = np.random.default_rng(seed)
    valid = rng.uniform(size=(agents, 91)) < 0.8
    return WaymoRecord(rng.normal(-5000, 50, (agents, 91, 3)), valid, f"scene-{seed}")


def real(kind):
    (actual,) = read_waymo(REAL / f"motion_data_one_{kind}.tfrecord")
    return actual


def largest_distance(actual, wanted):
    """Between the positions of agents that are matched by when and where they are seen.

    The two formats hold agents in other orders and numbers: a tf.Example is padded.
    """
    left = np.flatnonzero(actual.valid.any(axis=1)).tolist()
    distances = []
    for agent in np.flatnonzero(wanted.valid.any(axis=1)):
        seen = wanted.valid[agent]
        apart = {
            other: np.abs(actual.positions[other] - wanted.positions[agent])[seen].max()
            for other in left
            if (actual.valid[other] == seen).all()
        }
        left.remove(min(apart, key=apart.get))
        distances.append(min(apart.values()))
    assert not left
    return max(distances)


def track(states):
    return write_varint(1, 7) + b"".join(write_bytes(3, state) for state in states)


def scenario(*tracks):
    return b"".join(write_bytes(2, t) for t in tracks) + write_bytes(5, b"scene")


def state(x=1.0, y=2.0, z=3.0, valid=1):
    centre = write_double(2, x) + write_double(3, y) + write_double(4, z)
    return centre + b"".join(write_float(n, 0.5) for n in range(5, 11)) + write_varint(11, valid)


@needs_real
def test_real_scenario():
    actual = real("scenario")
    assert actual.positions.shape == (83, 91, 3)
    assert (actual.scenario_id, int(actual.valid.sum())) == ("637f20cafde22ff8", 4596)
    seen = actual.positions[actual.valid]
    np.testing.assert_allclose(np.median(seen, axis=0), [-7790, -6690, -184], atol=80)
    steps = np.linalg.norm(np.diff(actual.positions, axis=1), axis=-1)
    assert (
        steps[actual.valid[:, 1:] & actual.valid[:, :-1]].max() < 4
    )  # metres in a tenth of a second


@needs_real
def test_real_example_as_a_scenario_is_the_same_motion():
    wanted = real("example")
    shown = np.random.default_rng(0).permutation(np.flatnonzero(wanted.valid.any(axis=1)))
    shuffled = WaymoRecord(wanted.positions[shown], wanted.valid[shown], wanted.scenario_id)
    actual = parse_record(scenario_payload(shuffled))
    assert actual.scenario_id == wanted.scenario_id
    assert largest_distance(actual, wanted) <= 1e-4
    assert len(cut_windows(actual)) == len(cut_windows(wanted)) == 3


@needs_real
def test_real_scenario_as_an_example_is_the_same_motion():
    wanted = real("scenario")
    actual = parse_record(example_payload(wanted))
    # Eight kilometres from the map's origin, float32 knows a coordinate to 2.5e-4 m only.
    assert largest_distance(actual, wanted) <= 2.5e-4
    np.testing.assert_array_equal(cut_windows(actual), cut_windows(wanted))


def messages():
    """Scenario of scenario.proto, as far as needed, made by protobuf itself."""
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = {"double": 1, "float": 2, "int32": 5, "bool": 8, "string": 9, "message": 11}
    layout = {
        "ObjectState": [
            *((name, 2 + i, "double" if i < 3 else "float", "") for i, name in enumerate(FIELDS)),
            ("valid", 11, "bool", ""),
        ],
        "Track": [("id", 1, "int32", ""), ("states", 3, "message", "ObjectState")],
        "Scenario": [("scenario_id", 5, "string", ""), ("tracks", 2, "message", "Track")],
    }
    file = descriptor_pb2.FileDescriptorProto(name="softsym_test.proto", package="softsym_test")
    for name, entries in layout.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in entries:
            added = message.field.add(name=field, number=number, type=kinds[kind])
            added.label = 3 if of else 1
            if of:
                added.type_name = f".softsym_test.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    actual = pool.FindMessageTypeByName("softsym_test.Scenario")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(actual)
    return message_factory.MessageFactory(pool).GetPrototype(actual)


def test_bytes_of_protobuf_itself():
    wanted = record(agents=3)
    message = messages()(scenario_id="from protobuf")
    for positions, valid in zip(wanted.positions.tolist(), wanted.valid.tolist(), strict=True):
        added = message.tracks.add(id=5)
        for place, seen in zip(positions, valid, strict=True):
            values = [*place, 4.5, 2.0, 1.6, 0.3, 1.0, -1.0] if seen else []
            added.states.add(valid=seen, **dict(zip(FIELDS, values, strict=False)))
    actual = parse_record(message.SerializeToString())
    assert actual.scenario_id == "from protobuf"
    np.testing.assert_array_equal(actual.valid, wanted.valid)
    np.testing.assert_array_equal(actual.positions[actual.valid], wanted.positions[wanted.valid])


def test_states_of_any_layout():
    short = write_varint(11, 1) + write_double(3, 5.0)
    swapped = state()[9:27] + state()[:9] + state()[27:]
    long = state(x=-4.0) + write_bytes(40, bytes(200))
    unseen = state(valid=0)
    states = [state(), short, swapped, long, unseen] + [b""] * 86
    actual = parse_record(scenario(track(states), track([state()] * 91)))
    centres = [[1, 2, 3], [0, 5, 0], [1, 2, 3], [-4, 2, 3], [1, 2, 3], [0, 0, 0]]
    assert actual.positions[0, :6].tolist() == centres
    assert actual.valid[0, :6].tolist() == [True, True, True, True, False, False]
    assert actual.valid[1].all()


def test_track_of_too_few_states():
    message = r"track 1 of this Scenario has 11 states, not 91\. Records of the dataset's folder te"
    with pytest.raises(ValueError, match=message):
        parse_record(scenario(track([state()] * 91), track([state()] * 11)))


def test_track_that_is_cut_short():
    with pytest.raises(ValueError, match="the last state of a track is truncated"):
        parse_record(scenario(track([state()] * 91)[:-3]))
