"""Waymo records of both kinds: real files, written ones, and rejected ones."""

from pathlib import Path
from time import process_time

import numpy as np
import pytest
from scenario_files import write_varint

from softsym.datamodules.motion.protobuf import (
    inner_field,
    inner_fields,
    write_bytes,
    write_floats,
    write_varints,
)
from softsym.datamodules.motion.tfrecord import write_records
from softsym.datamodules.motion.waymo_records import (
    WaymoRecord,
    example_payload,
    parse_record,
    read_waymo,
)

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "waymo"
REAL_EXAMPLE = REAL / "motion_data_one_example.tfrecord"
REAL_SCENARIO = REAL / "motion_data_one_scenario.tfrecord"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="needs the real Waymo files in ../shared/data/waymo"
)


def record(agents=5, seed=0, steps=91):
    rng = np.random.default_rng(seed)
    positions = rng.normal(100, 50, (agents, steps, 3)).astype(np.float32).astype(np.float64)
    return WaymoRecord(positions, rng.uniform(size=(agents, steps)) < 0.8, f"scene-{seed}")


def feature(key, kind, content):
    return write_bytes(1, write_bytes(1, key.encode()) + write_bytes(2, write_bytes(kind, content)))


def payload_entries(payload):
    """Keys of an Example and their encoded features."""
    features = inner_field(memoryview(payload), 1)
    return {
        bytes(inner_field(entry, 1)).decode(): bytes(inner_field(entry, 2))
        for entry in inner_fields(features, 1)
    }


def joined(entries):
    content = (
        write_bytes(1, write_bytes(1, key.encode()) + write_bytes(2, value))
        for key, value in entries.items()
    )
    return write_bytes(1, b"".join(content))


def check_same(actual, wanted, tolerance=0.0):
    """Same agents in the same order, padding aside."""
    count = len(wanted.valid)
    assert actual.scenario_id == wanted.scenario_id
    assert not actual.valid[count:].any()
    np.testing.assert_array_equal(actual.valid[:count], wanted.valid)
    apart = np.abs(actual.positions[:count] - wanted.positions)[wanted.valid]
    assert apart.max() <= tolerance


def test_file_of_several_records(tmp_path):
    path = tmp_path / "some.tfrecord"
    write_records(path, [example_payload(record(seed=i)) for i in range(3)])
    for i, actual in enumerate(read_waymo(path)):
        check_same(actual, record(seed=i))
    assert i == 2


@needs_real
def test_real_example():
    (actual,) = read_waymo(REAL_EXAMPLE)
    assert actual.positions.shape == (128, 91, 3)
    assert (actual.scenario_id, int(actual.valid.sum())) == ("a3bb37c25ce56418", 6228)
    seen = actual.positions[actual.valid]
    assert np.abs(np.median(seen, axis=0) - (-350, -400, -42)).max() < 100


@needs_real
def test_a_core_reads_fifty_records_a_second():
    for path in (REAL_EXAMPLE, REAL_SCENARIO):
        seconds = []
        for _ in range(5):
            start = process_time()
            list(read_waymo(path))
            seconds.append(process_time() - start)
        assert min(seconds) < 1 / 50, path


def test_padding_that_says_minus_one_is_not_valid():
    entries = payload_entries(example_payload(record()))
    entries["state/past/valid"] = write_bytes(3, write_varints(1, np.full(1280, -1)))
    actual = parse_record(joined(entries))
    assert not actual.valid[:, :10].any()
    assert actual.valid[:, 10:].any()


def test_testing_records_hide_the_future():
    entries = payload_entries(example_payload(record()))
    kept = {key: value for key, value in entries.items() if "future" not in key}
    with pytest.raises(ValueError, match=r"lacks state/future/x\. Records of .* testing/ hide the"):
        parse_record(joined(kept))


def test_numbers_that_are_no_whole_steps():
    entries = payload_entries(example_payload(record()))
    entries["state/past/x"] = write_bytes(2, write_floats(1, np.zeros(11)))
    with pytest.raises(ValueError, match="state/past/x has 11 numbers, which are not 10 for each"):
        parse_record(joined(entries))


def test_agents_that_differ_in_number():
    entries = payload_entries(example_payload(record()))
    for part, steps in {"past": 10, "current": 1, "future": 80}.items():
        entries[f"state/{part}/y"] = write_bytes(2, write_floats(1, np.zeros(steps)))
    with pytest.raises(ValueError, match="differ in the number of agents"):
        parse_record(joined(entries))


def test_example_of_another_dataset():
    payload = write_bytes(1, feature("image/height", 3, write_bytes(1, b"\x01")))
    with pytest.raises(ValueError, match="has none of the keys state/past/x"):
        parse_record(payload)


@pytest.mark.parametrize(
    "payload", [b"no protobuf at all", write_varint(1, 5), write_bytes(3, b"x"), b""]
)
def test_records_of_another_kind(payload, tmp_path):
    path = tmp_path / "other.tfrecord"
    write_records(path, [example_payload(record()), payload])
    records = read_waymo(path)
    next(records)
    message = r"other\.tfrecord, record 1: this is neither a tf\.train\.Example nor a Scenario"
    with pytest.raises(ValueError, match=message):
        next(records)
