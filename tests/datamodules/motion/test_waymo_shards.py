"""Shards of the Waymo dataset: recognised by name, read once, read again when they change."""

import logging
import re

import numpy as np
import pytest

from softsym.datamodules.motion import progress, waymo_shards
from softsym.datamodules.motion.simulated_traffic import TrafficSimulation
from softsym.datamodules.motion.tfrecord import write_records
from softsym.datamodules.motion.waymo_paths import shard_paths
from softsym.datamodules.motion.waymo_records import example_payload, read_waymo
from softsym.datamodules.motion.waymo_shards import ShardReader
from softsym.datamodules.motion.waymo_windows import cut_windows

NAMES = ("a.tfrecord-00000-of-00002", "a.tfrecord-00001-of-00002", "b.tfrecord")


def write_shard(path, number=0):
    simulation = TrafficSimulation(records=3, agents=40)
    write_records(path, map(example_payload, simulation.shard("training", number)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A dataset whose folder training/ has three shards."""
    folder = tmp_path_factory.mktemp("waymo")
    (folder / "training").mkdir()
    for number, name in enumerate(NAMES):
        write_shard(folder / "training" / name, number)
    (folder / "training" / "readme.txt").touch()
    return folder


@pytest.fixture
def reader(tmp_path):
    """A reader with an empty cache."""
    return ShardReader(tmp_path / "cache")


def test_shards_are_found_by_name(folder):
    assert [path.name for path in shard_paths(folder, "training")] == list(NAMES)


def test_windows_are_those_of_the_records(folder, reader):
    path = folder / "training" / NAMES[0]
    shard = reader.read(path)
    windows = [cut_windows(record) for record in read_waymo(path)]
    np.testing.assert_array_equal(shard.windows, np.concatenate(windows))
    assert shard.records == len(windows) == 3
    assert np.bincount(shard.record, minlength=3).tolist() == list(map(len, windows))


def test_filters_have_caches_of_their_own(folder, reader):
    path = folder / "training" / NAMES[0]
    strict = ShardReader(reader.cache_dir, min_dz=0.3)
    assert 0 < len(strict.read(path).windows) < len(reader.read(path).windows)


def test_cache_follows_a_shard_that_is_moved(folder, reader, tmp_path, monkeypatch):
    path = folder / "training" / NAMES[0]
    before = reader.read(path).windows
    monkeypatch.setattr(waymo_shards, "read_waymo", None)
    (tmp_path / NAMES[0]).write_bytes(path.read_bytes())
    np.testing.assert_array_equal(reader.read(tmp_path / NAMES[0]).windows, before)


def test_a_shard_that_changed_is_read_again(reader, tmp_path):
    path = tmp_path / "one.tfrecord"
    write_shard(path)
    before = reader.read(path).windows
    write_shard(path, number=1)
    assert not np.array_equal(before, reader.read(path).windows)


def test_shard_without_windows(reader, tmp_path):
    path = tmp_path / "flat.tfrecord"
    flat = TrafficSimulation(records=2, agents=3, slope=0.0, noise=0.0)
    write_records(path, map(example_payload, flat.shard("training", 0)))
    shard = reader.read(path)
    assert (shard.windows.shape, shard.record.shape, shard.records) == ((0, 12, 3), (0,), 2)


def test_damaged_shard_is_named_and_leaves_no_cache(reader, tmp_path):
    path = tmp_path / "bad.tfrecord"
    write_shard(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.tfrecord, record 1 at byte \d+ has a wrong checks"):
        reader.read_all([path])
    assert not any(entry.is_dir() for entry in reader.cache_dir.iterdir())


def test_no_file_is_held_open(folder, reader):
    shards = reader.read_all(shard_paths(folder, "training"))
    assert not any(isinstance(shard.windows, np.memmap) for shard in shards)


def test_no_process_is_started_for_what_is_there(folder, reader, monkeypatch):
    paths = shard_paths(folder, "training")
    before = reader.read_all(paths)
    monkeypatch.setattr(waymo_shards, "ProcessPoolExecutor", None)
    after = reader.read_all(paths, workers=2)
    assert [len(shard.windows) for shard in after] == [len(shard.windows) for shard in before]


@pytest.mark.slow
def test_several_workers_read_the_same(folder, reader, tmp_path):
    paths = shard_paths(folder, "training")
    actual = reader.read_all(paths, workers=2)
    alone = ShardReader(tmp_path / "other").read_all(paths)
    for one, other in zip(actual, alone, strict=True):
        np.testing.assert_array_equal(one.windows, other.windows)
        np.testing.assert_array_equal(one.record, other.record)


def test_progress_is_told(folder, reader, monkeypatch, caplog):
    monkeypatch.setattr(progress, "LOG_EVERY", 0.0)
    with caplog.at_level(logging.INFO, logger="softsym"):
        reader.read_all(shard_paths(folder, "training"))
    assert "2 of 3 Waymo shards read, about" in caplog.text
    assert re.search(r"Waymo: 3 shards read, \d+ windows", caplog.text)
