"""The trajectory datamodule: trajdata's own samples, several processes, and wrong settings."""

import json
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from argoverse2_files import write_scenario
from compliance.datamodules import ClustersSuite
from torch import distributed
from torch import multiprocessing as mp

from softsym.datamodules.base import SPLITS
from softsym.datamodules.motion import dependence, trajdata_scenes
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.datamodules.trajectories import TrajectoryDataModule
from softsym.symmetries import rep

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
REAL = SHARED / "eth_ucy"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="needs the real ETH/UCY files in ../shared/data/eth_ucy"
)
COUNTS = {
    "eth": (30307, 5422, 364),
    "hotel": (29676, 5203, 1197),
    "univ": (9874, 2800, 24334),
    "zara1": (28577, 5184, 2356),
    "zara2": (26076, 4262, 5910),
}
SCENES = list(COUNTS)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Folder of simulated recordings."""
    pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    folder = tmp_path_factory.mktemp("raw")
    write_recordings(folder, PedestrianSimulation())
    return folder


@pytest.fixture(scope="module")
def cache(raw, tmp_path_factory):
    """A cache that holds the windows of zara1."""
    folder = tmp_path_factory.mktemp("cache")
    made("eupeds_zara1", raw, folder).prepare_data()
    return folder


def made(env, data_dir, cache_dir, **settings):
    directory = None if data_dir is None else str(data_dir)
    return TrajectoryDataModule(env, directory, str(cache_dir), batch_size=64, **settings)


def samples(dataset, indices):
    """World positions by trajdata's own way, one sample at a time."""
    items = (dataset[int(index)] for index in indices)
    return np.stack(
        [np.concatenate([item.agent_history_np, item.agent_future_np]) for item in items]
    )


def compare_with_samples(env, folder, scratch, per_part, **settings):
    data = made(env, folder, scratch / "cache", **settings)
    data.setup()
    layout, dt = data.layout, data.dt
    for part in SPLITS:
        dataset = trajdata_scenes.open_dataset(
            data.env,
            data.parts[part],
            folder,
            scratch / "theirs",
            dt=dt if dt != data.env.dt else None,
            history_sec=round((layout.history - 1) * dt, 6),
            future_sec=round(layout.future * dt, 6),
        )
        inputs, targets = data.splits[part]
        assert len(dataset) == len(inputs)
        chosen = np.linspace(0, len(dataset) - 1, per_part).astype(int)
        theirs = samples(dataset, chosen)
        theirs = (theirs - theirs[:, layout.history - 1 : layout.history]).astype(np.float32)
        ours = torch.cat([inputs, targets], 1)[chosen].unflatten(1, (-1, 2))
        np.testing.assert_array_equal(ours.numpy(), theirs)


def test_values_and_order_equal_those_of_samples(raw, tmp_path):
    compare_with_samples("eupeds_zara1", raw, tmp_path, 40)


def test_other_lengths_and_steps_equal_those_of_samples(raw, tmp_path):
    settings = {"history_sec": 2.4, "future_sec": 3.2, "dt": 0.8}
    compare_with_samples("eupeds_univ", raw, tmp_path, 10, **settings)


@needs_real
@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_real_values_equal_those_of_samples(scene, tmp_path):
    pytest.importorskip("trajdata")
    compare_with_samples(f"eupeds_{scene}", REAL, tmp_path, 400)


@needs_real
@pytest.mark.parametrize("scene", SCENES)
def test_real_counts(scene, tmp_path):
    pytest.importorskip("trajdata")
    data = made(f"eupeds_{scene}", REAL, tmp_path)
    data.setup()
    assert tuple(len(data.splits[part][0]) for part in SPLITS) == COUNTS[scene]


def test_splits_have_the_types_and_the_usual_lengths(raw, cache, caplog):
    data = made("eupeds_zara1", raw, cache)
    with caplog.at_level(logging.INFO):
        data.prepare_data()
    assert not data.splits
    data.setup("fit")
    assert (data.rep_in, data.rep_out) == (rep("8T1"), rep("12T1"))
    for inputs, targets in data.splits.values():
        assert inputs.dtype == targets.dtype == torch.float32
        assert not inputs[:, -2:].any()
        assert len(inputs) > 300
    train, val, test = (len(data.splits[part][0]) for part in ("train", "val", "test"))
    assert f"eupeds_zara1 windows: train: {train}, val: {val}, test: {test}." in caplog.text
    inputs, _ = next(iter(data.train_dataloader()))
    assert inputs.shape == (64, 16)


class TestClusters(ClustersSuite):
    @pytest.fixture(autouse=True)
    def _files(self, raw, cache):
        self.files = raw, cache

    def make(self):
        return made("eupeds_zara1", *self.files)


def test_windows_of_one_pedestrian_share_a_label(raw, cache):
    data = made("eupeds_zara1", raw, cache)
    data.setup()
    for name, (inputs, targets) in data.splits.items():
        paths, label = torch.cat([inputs, targets], 1).unflatten(1, (-1, 2)), data.clusters[name]
        # the window one step later has the same path, but for its first point and its origin
        now, later = paths[:-1, 1:], paths[1:, :-1]
        follows = (now - now[:, :1] - (later - later[:, :1])).abs().amax((1, 2)) < 1e-4
        assert follows.any()
        assert torch.equal(label[1:] == label[:-1], follows)


def test_scenes_are_the_clusters_where_there_are_enough(raw, cache, monkeypatch):
    few = made("eupeds_zara1", raw, cache)
    few.setup()
    monkeypatch.setattr(dependence, "ENOUGH_SCENES", 1)
    enough = made("eupeds_zara1", raw, cache)
    enough.setup()
    for name, labels in enough.clusters.items():
        assert len(labels.unique()) < 10 < len(few.clusters[name].unique())


def test_a_fold_holds_out_whole_recordings(raw, cache):
    plain, fold, final = (made("eupeds_zara1", raw, cache) for _ in range(3))
    plain.setup()
    counts = {part: len(plain.splits[part][0]) for part in SPLITS}
    fold.leave_out(0, 7)
    names = [[fold.environment_name(label) for label in held] for held in fold.fold.folds]
    # the parts of a recording in training and validation are one environment; zara01 is the test
    others = {"biwi_eth", "biwi_hotel", "crowds_zara02", "crowds_zara03", "students001"}
    assert {name for (name,) in names} == others | {"students003", "uni_examples"}
    fold.setup()
    held, kept = (len(fold.splits[part][0]) for part in ("val", "train"))
    assert held + kept == counts["train"] + counts["val"]
    labels = fold.environments()
    expected = sum(int((labels[part] == fold.fold.held[0]).sum()) for part in ("train", "val"))
    assert held == expected > 0
    assert len(fold.clusters["val"].unique()) > 10  # tracks, in the one recording
    final.leave_out(None, 7)
    final.setup()
    assert len(final.splits["train"][0]) == counts["train"] + counts["val"]
    assert torch.equal(final.splits["test"][0], plain.splits["test"][0])


def test_second_time_reads_the_cache(raw, cache, monkeypatch):
    def fail(*_args, **_settings):
        raise AssertionError("read again")

    monkeypatch.setattr(trajdata_scenes, "open_dataset", fail)
    made("eupeds_zara1", raw, cache).setup()


def test_other_windows_need_no_second_reading(raw, cache, monkeypatch):
    monkeypatch.setattr(trajdata_scenes, "open_dataset", None)
    settings = {"history_sec": 1.2, "velocities": True, "neighbours": 3, "coordinates": 3}
    data = made("eupeds_zara1", raw, cache, **settings)
    data.setup()
    assert data.rep_in == rep("32T1 + 32T0")
    inputs, _ = data.splits["test"]
    assert inputs.shape[1] == data.layout.inputs
    np.testing.assert_array_equal(data.observed_path(inputs), inputs[:, : 4 * 3])
    masks, moving = inputs[:, -32:-16], inputs[:, -16:]
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert masks[:, :4].all()
    assert moving[:, 1:4].all()
    assert 0 < moving[:, 0].mean() < 1  # unknown at the first step of a track


def test_changed_recordings_are_read_again(raw, cache, tmp_path):
    other = Path(shutil.copytree(raw, tmp_path / "raw"))
    before = made("eupeds_zara1", raw, cache)
    assert before._tracks_key(raw) == before._tracks_key(other)
    with (other / "students003.txt").open("a") as file:
        file.write("5700.0\t900.0\t0.0\t0.0\n")
    assert before._tracks_key(raw) != before._tracks_key(other)


def test_a_new_trajdata_reads_again(raw, cache, monkeypatch):
    data = made("eupeds_zara1", raw, cache)
    before = data._tracks_key(raw)
    monkeypatch.setattr(trajdata_scenes, "trajdata_version", lambda: "0.0.0")
    assert data._tracks_key(raw) != before


def test_neighbours_are_where_trajdata_sees_them(raw, tmp_path):
    """Every neighbour within trajdata's reach, by its own search around one agent."""
    from trajdata import UnifiedDataset

    data = made("eupeds_zara1", raw, tmp_path / "cache", neighbours=2)
    data.setup()
    dataset = UnifiedDataset(
        desired_data=["eupeds_zara1-test_loo"],
        data_dirs={"eupeds_zara1": str(raw)},
        cache_location=str(tmp_path / "theirs"),
        history_sec=(2.8, 2.8),
        future_sec=(4.8, 4.8),
        standardize_data=False,
        obs_format="x,y",
        num_workers=0,
        verbose=False,
    )
    inputs, _ = data.splits["test"]
    assert len(dataset) == len(inputs)
    seen_any = 0
    for index in np.linspace(0, len(dataset) - 1, 15).astype(int):
        item = dataset[int(index)]
        positions = inputs[index][: 3 * 8 * 2].reshape(3, 8, 2).numpy()
        masks = inputs[index][3 * 8 * 2 :].reshape(3, 8).numpy().astype(bool)
        origin = item.agent_history_np[-1]
        now = np.array([history[-1] - origin for history in item.neighbor_histories])
        order = np.argsort(np.linalg.norm(now, axis=1)) if len(now) else []
        assert masks[1:, -1].sum() == min(2, len(now))
        for place, number in enumerate(order[:2], start=1):
            history = np.asarray(item.neighbor_histories[number]) - origin
            seen_any += 1
            assert masks[place].sum() == len(history)
            np.testing.assert_allclose(positions[place][8 - len(history) :], history, atol=1e-5)
    assert seen_any


def totals(data):
    return {part: [len(x), float(y.double().sum())] for part, (x, y) in data.splits.items()}


def rank_with_a_cold_cache(rank, raw, folder):
    """One of two ranks; it leaves what it has read, and a file if it is the one that built."""
    distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    read = trajdata_scenes.trajdata_scenes

    def counted(*arguments):
        Path(folder, f"built-by-{rank}").touch()
        return read(*arguments)

    trajdata_scenes.trajdata_scenes = counted
    distributed.barrier()
    data = made("eupeds_zara1", raw, Path(folder, "cache"))
    data.setup()
    Path(folder, f"{rank}.json").write_text(json.dumps(totals(data)))
    distributed.barrier()
    os._exit(0)  # taking gloo's threads down can wait for Python, which waits for them


def test_two_ranks_with_a_cold_cache_build_once_and_agree(raw, cache, tmp_path):
    """Ranks of one process group: a barrier inside trajdata must not wait for the other one."""
    arguments = (raw, str(tmp_path))
    ranks = mp.start_processes(
        rank_with_a_cold_cache, arguments, nprocs=2, join=False, start_method="fork"
    )
    try:
        # each returns when one of them has ended
        assert ranks.join(timeout=100) or ranks.join(timeout=100)
    finally:
        for process in ranks.processes:
            process.kill()
    data = made("eupeds_zara1", raw, cache)
    data.setup()
    read = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    assert read == [totals(data)] * 2
    assert len(list(tmp_path.glob("built-by-*"))) == 1


@pytest.fixture
def scenarios(tmp_path):
    """Folder of scenarios of Argoverse 2."""
    pytest.importorskip("pyarrow", reason="the extra 'trajectory' is not installed")
    for split, names in (("train", "abcd"), ("val", "efghij")):
        for name in names:
            write_scenario(tmp_path / "av2", split, name, seed=len(names))
    return tmp_path / "av2"


def test_argoverse2(scenarios, tmp_path):
    data = made("argoverse2", scenarios, tmp_path / "cache")
    data.setup()
    assert (data.layout.history, data.layout.future) == (50, 60)
    assert data.parts == {"train": "train", "val": "val", "test": "val"}
    slower = {"dt": 0.5, "history_sec": 2.0, "future_sec": 3.0, "agent_types": ["vehicle"]}
    few = made("argoverse2", scenarios, tmp_path / "cache", **slower)
    few.setup()
    assert few.rep_in == rep("5T1")
    speed = few.splits["train"][1].unflatten(1, (-1, 2)).diff(dim=1)
    torch.testing.assert_close(speed[:, 0], speed[:, -1], atol=1e-4, rtol=0)  # they go straight on


def test_val_and_test_share_no_scenario(scenarios, tmp_path):
    data = made("argoverse2", scenarios, tmp_path / "cache", neighbours=1)
    data.setup()
    val, test = (set(map(tuple, data.splits[part][1].tolist())) for part in ("val", "test"))
    assert not val & test
    other = made("argoverse2", scenarios, tmp_path / "cache", neighbours=1, split_seed=5)
    other.setup()
    assert not torch.equal(other.splits["val"][0], data.splits["val"][0])


@pytest.mark.skipif(not (SHARED / "argoverse2").is_dir(), reason="needs ../shared/data/argoverse2")
def test_the_real_scenario_of_argoverse2(tmp_path, caplog):
    pytest.importorskip("pyarrow")
    splits = dict.fromkeys(SPLITS, "val")
    data = made("argoverse2", SHARED / "argoverse2", tmp_path, splits=splits)
    data.setup()
    assert "1 scene(s) of 'val' for train, val, test: their agents are split instead" in caplog.text
    assert sum(len(inputs) for inputs, _ in data.splits.values()) == sum_of_windows()


@pytest.mark.skipif(not (SHARED / "lyft").is_dir(), reason="needs ../shared/data/lyft")
def test_the_real_scene_of_lyft(tmp_path):
    pytest.importorskip("l5kit", reason="the devkit of Lyft is not installed")
    folder = SHARED / "lyft" / "scenes" / "sample.zarr"
    data = made("lyft_sample", folder, tmp_path, splits=dict.fromkeys(SPLITS, "mini_train"))
    data.setup()
    assert sum(len(inputs) for inputs, _ in data.splits.values()) == 3800


def sum_of_windows():
    from pyarrow import parquet

    (path,) = (SHARED / "argoverse2").glob("val/*/*.parquet")
    counts = parquet.read_table(path).to_pandas().groupby("track_id").size()
    return int((counts - 109).clip(lower=0).sum())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"history_sec": 200.0}, "no window for 'train'.*for history . future = 513 steps of 0.4"),
        ({"agent_types": ["bicycle"]}, "no window for 'train'.*loosen agent_types"),
        ({"min_displacement": 1e6}, "no window for 'train'"),
    ],
)
def test_no_window_says_what_to_loosen(settings, message, raw, cache):
    with pytest.raises(ValueError, match=message):
        made("eupeds_zara1", raw, cache, **settings).prepare_data()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"env": "eupeds_zarra"}, "must be one of eupeds_eth"),
        ({"dt": 0}, r"datamodule\.dt must be a finite number above 0"),
        ({"history_sec": 1.0}, r"history_sec is 1 s, which is not a whole number of steps of 0\.4"),
        ({"coordinates": 4}, r"coordinates must be 2 or 3"),
        ({"neighbours": -1}, r"neighbours must be a whole number from 0 to 1000"),
        ({"stride": 0}, r"stride must be a whole number"),
        ({"split_seed": -1}, r"split_seed must be a whole number from 0 to .*; got -1"),
        ({"agent_types": "dog"}, r"agent_types is \['dog'\]; each must be one of"),
        ({"splits": {"train": "train"}}, r"must name a split for each of train, val, test; got"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        made(**{"env": "eupeds_zara1", "data_dir": None, "cache_dir": "."} | settings)


def test_missing_trajdata_says_how_to_install_it(tmp_path, monkeypatch):
    import importlib.util

    write_recordings(tmp_path / "raw", PedestrianSimulation())
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r'pip install -e "\.\[trajectory\]"'):
        made("eupeds_zara1", tmp_path / "raw", tmp_path).prepare_data()


def test_no_folder_says_where_to_get_the_files(tmp_path):
    with pytest.raises(ValueError, match=r"datamodule\.data_dir is not set.*ETH BIWI"):
        made("eupeds_zara1", None, tmp_path).prepare_data()


def test_heights_that_are_none_are_said(caplog):
    with caplog.at_level(logging.WARNING):
        made("eupeds_zara1", None, ".", coordinates=3)
    assert "eupeds_zara1 has no heights" in caplog.text


def test_file_cut_at_a_line_end_says_so(raw, tmp_path):
    folder = Path(shutil.copytree(raw, tmp_path / "raw"))
    path = folder / "crowds_zara02.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:200]))
    with pytest.raises(ValueError, match=r"crowds_zara02\.txt has \d+ frames.*frame number 841"):
        made("eupeds_zara1", folder, tmp_path / "cache").prepare_data()
