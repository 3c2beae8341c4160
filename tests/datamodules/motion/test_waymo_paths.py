"""Shards are recognised by name, and missing ones are reported."""

import logging

import pytest

from softsym.datamodules.motion.waymo_paths import first_tenth, shard_paths, warn_of_missing


def shards(folder, numbers, count, part="training"):
    (folder / part).mkdir(exist_ok=True)
    for number in numbers:
        (folder / part / f"x.tfrecord-{number:05}-of-{count:05}").touch()
    return shard_paths(folder, part)


def names(paths):
    return [path.name for path in paths]


def test_only_whole_shards_count(tmp_path):
    (tmp_path / "training").mkdir()
    kept = ["a.tfrecord", "x.tfrecord-00000-of-00002", "x.tfrecord-00001-of-00002"]
    for name in (*kept, "x.tfrecord-00001-of-00002_.gstmp", "readme.txt", "x.tfrecord.tmp"):
        (tmp_path / "training" / name).touch()
    assert names(shard_paths(tmp_path, "training")) == kept


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"training' does not exist\. The folder must"):
        shard_paths(tmp_path, "training")
    (tmp_path / "training").mkdir()
    with pytest.raises(FileNotFoundError, match=r"training' has no TFRecord files\. The folder"):
        shard_paths(tmp_path, "training")


def test_compressed_shards_are_not_left_out_in_silence(tmp_path):
    shards(tmp_path, [0], 2)
    (tmp_path / "training" / "x.tfrecord-00001-of-00002.gz").touch()
    with pytest.raises(ValueError, match=r"compressed files, such as x.*\.gz\. Unpack them"):
        shard_paths(tmp_path, "training")


def test_a_tenth_of_the_dataset_not_of_what_is_there(tmp_path, caplog):
    everything = shards(tmp_path, range(20), 200)
    with caplog.at_level(logging.WARNING):
        assert first_tenth(everything) == everything
    assert not caplog.records
    more = shards(tmp_path, [150], 200)
    assert first_tenth(more) == everything


def test_shards_missing_of_the_tenth_are_said(tmp_path, caplog):
    assert len(first_tenth(shards(tmp_path, [0, 1, 7, 30], 200))) == 3
    assert "has 3 of the 20 shards to read" in caplog.text


def test_none_of_the_first_tenth(tmp_path):
    with pytest.raises(ValueError, match=r"None of the first 2 of 20 shards.*splits=own"):
        first_tenth(shards(tmp_path, [5, 6], 20))


def test_shards_without_numbers_are_counted_as_they_are(tmp_path, caplog):
    (tmp_path / "training").mkdir()
    for letter in "abcdefghijk":
        (tmp_path / "training" / f"{letter}.tfrecord").touch()
    paths = shard_paths(tmp_path, "training")
    assert names(first_tenth(paths)) == ["a.tfrecord", "b.tfrecord"]
    warn_of_missing(paths)
    assert not caplog.records


def test_a_copy_that_was_cut_short_is_said(tmp_path, caplog):
    warn_of_missing(shards(tmp_path, range(3), 4))
    assert "has 3 of the 4 shards to read, by their names" in caplog.text
