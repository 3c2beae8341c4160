"""The Waymo datamodule: splits, normalisation, cache, both formats, and rejected settings."""

from pathlib import Path

import numpy as np
import pytest
import torch
from compliance.datamodules import ClustersSuite
from scenario_files import scenario_payload

from softsym.datamodules.motion import dependence, waymo_shards
from softsym.datamodules.motion.simulated_traffic import TrafficSimulation
from softsym.datamodules.motion.tfrecord import write_records
from softsym.datamodules.motion.waymo_paths import shard_paths
from softsym.datamodules.motion.waymo_records import example_payload
from softsym.datamodules.motion.waymo_shards import ShardReader
from softsym.datamodules.motion.waymo_windows import NORMALISATIONS, normalise
from softsym.datamodules.waymo import Waymo

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "waymo"
SIMULATION = TrafficSimulation(records=3, agents=40)


def write_shard(path, part="training", number=0, payload=example_payload, records=3):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_records(path, map(payload, list(SIMULATION.shard(part, number))[:records]))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A dataset of two training and three validation shards."""
    folder = tmp_path_factory.mktemp("waymo")
    for part, count in (("training", 2), ("validation", 3)):
        for i in range(count):
            write_shard(folder / part / f"{part}.tfrecord-{i:05}-of-{count:05}", part, i)
    return folder


def datamodule(tmp_path, data_dir, **settings):
    directory = None if data_dir is None else str(data_dir)
    return Waymo(directory, str(tmp_path / "cache"), 16, **settings)


def cut(raw, part, number):
    """Windows of one shard, in metres."""
    path = raw / part / f"{part}.tfrecord-{number:05}-of-{2 if part == 'training' else 3:05}"
    return ShardReader(raw / "cache").read(path).windows


def test_setup_gives_checked_splits(raw, tmp_path):
    data = datamodule(tmp_path, raw)
    data.prepare_data()
    assert not data.splits
    data.setup("fit")
    for inputs, targets in data.splits.values():
        assert inputs.dtype == targets.dtype == torch.float32
        assert inputs.shape[1:] == targets.shape[1:] == (18,)
        assert inputs.is_contiguous()
        assert targets.is_contiguous()
        assert inputs.unflatten(1, (6, 3)).mean(1).abs().max() < 1e-3
    inputs, _ = next(iter(data.train_dataloader()))
    assert inputs.shape == (16, 18)


def test_own_splits_are_of_other_shards(raw, tmp_path):
    data = datamodule(tmp_path, raw)
    data.setup()
    shards = {
        "train": [("training", 0), ("training", 1)],
        "val": [("validation", 0), ("validation", 2)],
        "test": [("validation", 1)],
    }
    for name, parts in shards.items():
        windows = np.concatenate([cut(raw, *part) for part in parts])
        points = normalise(windows, NORMALISATIONS["symm_aware"], "history").reshape(-1, 36)
        actual = torch.cat(data.splits[name], dim=1).numpy()
        np.testing.assert_array_equal(actual, points)


class TestClusters(ClustersSuite):
    @pytest.fixture(autouse=True)
    def _files(self, raw, tmp_path, monkeypatch):
        monkeypatch.setattr(dependence, "ENOUGH_SCENES", 2)
        self.make = lambda: datamodule(tmp_path, raw)


def test_clusters_are_the_records(raw, tmp_path, monkeypatch):
    data = datamodule(tmp_path, raw)
    data.setup()
    assert data.clusters is None  # three records are too few
    monkeypatch.setattr(dependence, "ENOUGH_SCENES", 2)
    data = datamodule(tmp_path, raw)
    data.setup()
    counts = [torch.unique(data.clusters[name], return_counts=True)[1] for name in ("val", "test")]
    sizes = [
        np.bincount(ShardReader(raw / "cache").read(path).record)
        for path in shard_paths(raw, "validation")
    ]
    assert counts[0].tolist() == [*sizes[0], *sizes[2]]
    assert counts[1].tolist() == [*sizes[1]]


def test_a_fold_holds_out_records_and_normalises_by_the_others(raw, tmp_path):
    whole, fold = (datamodule(tmp_path, raw, normalisation="computed_symm_aware") for _ in "ab")
    whole.setup()
    fold.leave_out(0, 2)
    fold.setup()
    count = sum(len(whole.splits[name][0]) for name in ("train", "val"))
    assert len(fold.splits["train"][0]) + len(fold.splits["val"][0]) == count
    assert not torch.equal(fold.target_scale, whole.target_scale)
    assert fold.environment_name(fold.fold.held[0]).startswith("record ")


@pytest.mark.parametrize("name", [*NORMALISATIONS, *(f"computed_{n}" for n in NORMALISATIONS)])
def test_target_scale_gives_metres(raw, tmp_path, name):
    data = datamodule(tmp_path, raw, normalisation=name)
    assert data.target_scale is None
    data.setup()
    windows = cut(raw, "validation", 1)
    _, targets = data.splits["test"]
    assert data.target_scale.dtype == torch.float32
    assert data.target_scale.shape == targets.shape[1:]
    metres = (targets * data.target_scale).unflatten(1, (6, 3)).numpy()
    moves = np.diff(windows[:, 6:].astype(float), axis=1)
    np.testing.assert_allclose(np.diff(metres, axis=1), moves, atol=1e-3)
    inputs, _ = data.splits["test"]
    observed = data.observed_path(inputs).unflatten(1, (6, 3)).numpy()
    moves = np.diff(windows[:, :6].astype(float), axis=1)
    np.testing.assert_allclose(np.diff(observed, axis=1), moves, atol=1e-3)


def test_only_validation_shard_is_cut_by_record(tmp_path):
    write_shard(tmp_path / "training" / "one.tfrecord")
    write_shard(tmp_path / "validation" / "one.tfrecord", "validation")
    data = datamodule(tmp_path, tmp_path)
    data.setup()
    shard = data.reader.read(tmp_path / "validation" / "one.tfrecord")
    assert shard.records == 3
    assert len(data.splits["val"][0]) == (shard.record < 2).sum()
    assert len(data.splits["test"][0]) == (shard.record == 2).sum()


def test_only_validation_record_cannot_be_cut(tmp_path):
    write_shard(tmp_path / "training" / "one.tfrecord")
    write_shard(tmp_path / "validation" / "one.tfrecord", "validation", records=1)
    with pytest.raises(ValueError, match=r"one\.tfrecord is the only shard of its folder and has"):
        datamodule(tmp_path, tmp_path).prepare_data()


def test_training_tenth(tmp_path):
    for i in range(11):
        write_shard(tmp_path / "training" / f"x.tfrecord-{i:05}-of-00011", number=i, records=1)
    data = datamodule(tmp_path, tmp_path, splits="training_tenth", seed=3)
    data.setup()  # no folder validation/ is needed
    sizes = {name: len(inputs) for name, (inputs, _) in data.splits.items()}
    read = sorted(p.name[:20] for p in data.reader.cache_dir.glob("*") if p.is_dir())
    assert read == ["x.tfrecord-00000-of-", "x.tfrecord-00001-of-"]
    total = sum(len(data.reader.read(path).windows) for path in data_shards(tmp_path)[:2])
    assert sum(sizes.values()) == total
    assert sizes["train"] == pytest.approx(0.8 * total, abs=1)
    assert sizes["val"] == pytest.approx(0.1 * total, abs=1)
    everything = torch.cat([torch.cat(split, dim=1) for split in data.splits.values()])
    assert len(everything.unique(dim=0)) == total
    other = datamodule(tmp_path, tmp_path, splits="training_tenth", split_seed=4)
    other.setup()
    assert not torch.equal(other.splits["test"][0], data.splits["test"][0])
    same = datamodule(tmp_path, tmp_path, splits="training_tenth", seed=4)
    same.setup()
    assert torch.equal(same.splits["test"][0], data.splits["test"][0])


def data_shards(folder):
    return shard_paths(folder, "training")


def test_scenario_shards_give_the_same_windows(raw, tmp_path):
    for part, count in (("training", 2), ("validation", 3)):
        for i in range(count):
            write_shard(tmp_path / part / f"{i}.tfrecord", part, i, scenario_payload)
    data, other = datamodule(tmp_path, tmp_path), datamodule(tmp_path, raw)
    data.setup()
    other.setup()
    for name, split in data.splits.items():
        torch.testing.assert_close(split, other.splits[name], rtol=0, atol=1e-3)


@pytest.mark.parametrize("splits", ["own", "training_tenth"])
def test_filters_that_leave_nothing_are_named(splits, raw, tmp_path):
    with pytest.raises(ValueError, match=r"No window of .* left for 'train'.*min_dz, raise"):
        datamodule(tmp_path, raw, splits=splits, min_dz=100.0).setup()


def test_windows_have_three_coordinates(raw, tmp_path):
    with pytest.raises(ValueError, match="dim must be 3; got 2"):
        datamodule(tmp_path, raw, dim=2)


def test_cache_serves_all_recipes_and_notes_changes(raw, tmp_path, monkeypatch):
    datamodule(tmp_path, raw).prepare_data()
    monkeypatch.setattr(waymo_shards, "read_waymo", None)
    for settings in ({}, {"normalisation": "scale_aware"}, {"centring": "paper"}):
        datamodule(tmp_path, raw, **settings).setup()
    with pytest.raises(TypeError, match="not callable"):
        datamodule(tmp_path, raw, min_dz=0.1).prepare_data()


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the real Waymo files in ../shared/data/waymo")
def test_real_record(tmp_path, reference):
    for part, count in (("training", 1), ("validation", 2)):
        (tmp_path / part).mkdir()
        for i in range(count):
            name = f"{part}_tfexample.tfrecord-{i:05}-of-{count:05}"
            (tmp_path / part / name).symlink_to(REAL / "motion_data_one_example.tfrecord")
    for name in NORMALISATIONS:
        data = datamodule(tmp_path, tmp_path, normalisation=name, centring="paper")
        data.setup()
        for split in data.splits.values():
            points = torch.cat(split, dim=1).unflatten(1, (12, 3)).numpy()
            wanted = reference("waymo_one_example.npz")[name]
            np.testing.assert_allclose(points, wanted, rtol=0, atol=1e-5)


def test_without_data_dir_says_where_to_get_the_files(tmp_path):
    data = datamodule(tmp_path, None)
    for action in (data.prepare_data, data.load):
        with pytest.raises(ValueError, match=r"datamodule\.data_dir is not set") as raised:
            action()
        for hint in ("waymo.com/open", "training/", "*.tfrecord", "experiment=paper/waymo_demo"):
            assert hint in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"normalisation": "none"}, r"datamodule\.normalisation must be one of symm_aware, scale"),
        ({"centring": "mean"}, r"datamodule\.centring must be one of paper, history; got 'mean'"),
        ({"splits": "random"}, r"datamodule\.splits must be one of own, training_tenth; got"),
        ({"min_dz": -1.0}, r"datamodule\.min_dz must be a finite number of at least 0"),
        ({"max_dxy": float("nan")}, r"datamodule\.max_dxy must be a finite number of at least 0"),
        ({"workers": 0}, r"datamodule\.workers must be a whole number from 1 to 1024"),
    ],
)
def test_settings_out_of_range(settings, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        datamodule(tmp_path, None, **settings)


def test_types_that_do_not_fit(raw, tmp_path):
    with pytest.raises(ValueError, match=r"Change datamodule\.rep_out so that its size is 18"):
        datamodule(tmp_path, raw, rep_out="5T1").setup()
