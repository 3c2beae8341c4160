"""The simulated traffic: files, physics, and no preferred horizontal axis."""

import numpy as np
import pytest

from softsym.datamodules.motion.simulated_traffic import PARTS, TrafficSimulation, write_dataset
from softsym.datamodules.motion.waymo_records import read_waymo
from softsym.datamodules.motion.waymo_windows import cut_windows

SMALL = {"records": 2, "agents": 6}


@pytest.fixture(scope="module")
def windows():
    """Windows of 40 records, in metres from their middle."""
    records = TrafficSimulation(records=40).shard("training", 0)
    actual = np.concatenate([cut_windows(record) for record in records]).astype(float)
    return actual - actual.mean(axis=1, keepdims=True)


def test_records_are_those_of_the_files(tmp_path):
    simulation = TrafficSimulation(**SMALL)
    write_dataset(tmp_path, simulation)
    names = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.tfrecord-*"))
    assert len(names) == sum(PARTS.values())
    assert names[0] == "training/training_tfexample.tfrecord-00000-of-00004"
    wanted = list(simulation.shard("training", 0))
    actual = list(read_waymo(tmp_path / names[0]))
    assert [record.scenario_id for record in actual] == ["training-0-0", "training-0-1"]
    for ours, theirs in zip(wanted, actual, strict=True):
        np.testing.assert_array_equal(theirs.valid[:6], ours.valid)
        apart = np.abs(theirs.positions[:6] - ours.positions)[ours.valid]
        assert apart.max() < 3e-4  # float32 three kilometres from the origin


def test_writing_again_leaves_files_alone_and_mends_missing_ones(tmp_path):
    simulation = TrafficSimulation(**SMALL)
    write_dataset(tmp_path, simulation)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.tfrecord-*")}
    kept, removed = list(before)[:2]
    kept.write_bytes(b"mark")
    removed.unlink()
    write_dataset(tmp_path, simulation)
    assert kept.read_bytes() == b"mark"
    assert removed.read_bytes() == before[removed]


def test_shards_parts_and_seeds_differ():
    def first(part="training", number=0, seed=0):
        return next(TrafficSimulation(seed=seed, **SMALL).shard(part, number)).positions

    others = [first("validation"), first(number=1), first(seed=1)]
    assert all(not np.array_equal(first(), other) for other in others)
    np.testing.assert_array_equal(first(), first())


def test_keys_name_the_settings():
    keys = {TrafficSimulation(seed=seed, slope=s).key for seed in (0, 1) for s in (0.05, 0.06)}
    assert len(keys) == 4
    assert TrafficSimulation().key == TrafficSimulation(seed=0).key


def test_no_heading_is_preferred(windows):
    moves = (windows[:, 5] - windows[:, 0])[:, :2]
    # The filter of x and y is a square; within a circle all headings are alike.
    moves = moves[np.hypot(*moves.T) < 5]
    angles = np.arctan2(moves[:, 1], moves[:, 0])
    assert len(angles) > 800
    for wave in (1, 2, 4):
        assert np.abs(np.exp(1j * wave * angles).mean()) < 4 / np.sqrt(len(angles))


def test_height_is_special(windows):
    x, y, z = windows.std(axis=(0, 1))
    assert abs(x / y - 1) < 0.15
    assert z < 0.2 * min(x, y)


def test_gravity_slows_who_climbs(windows):
    path = windows[:, ::5]  # points 0, 5 and 10, a second apart
    climb = path[:, 1, 2] - path[:, 0, 2]
    speeds = np.linalg.norm(np.diff(path[..., :2], axis=1), axis=-1)
    gained = speeds[:, 1] - speeds[:, 0]
    assert gained[climb > 0.2].mean() < -0.02
    assert gained[climb < -0.2].mean() > 0.02


def test_some_agents_are_lost_for_a_while():
    records = list(TrafficSimulation(records=5).shard("validation", 1))
    valid = np.concatenate([record.valid for record in records])
    changes = np.abs(np.diff(valid.astype(int), axis=1)).sum(axis=1)
    assert 0.3 < (changes == 0).mean() < 0.8
    assert (changes == 2).any()
    none = next(TrafficSimulation(gaps=0.0, records=1).shard("training", 0)).valid
    assert (np.diff(none.astype(int), axis=1) > 0).sum(axis=1).max() <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": -1}, "seed must not be negative"),
        ({"records": 0}, "records at least 1"),
        ({"agents": 129}, "agents from 1 to 128"),
        ({"slope": -0.1}, "slope and noise must not be negative"),
        ({"gaps": 1.5}, r"gaps must lie in \[0, 1\]"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(ValueError, match=message):
        TrafficSimulation(**settings)
