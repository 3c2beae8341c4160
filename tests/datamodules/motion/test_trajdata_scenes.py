"""Tracks read from trajdata's tables."""

import math
import shutil

import numpy as np
import pytest

pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")

from softsym.datamodules.motion.environments import environment
from softsym.datamodules.motion.pedestrian_files import read_recording
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.datamodules.motion.trajdata_scenes import (
    open_dataset,
    sampling,
    scene_tracks,
    trajdata_scenes,
)

ENV = environment("eupeds_zara1")


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Folder of simulated recordings."""
    folder = tmp_path_factory.mktemp("raw")
    write_recordings(folder, PedestrianSimulation())
    return folder


def test_tracks_are_those_of_the_file(raw, tmp_path):
    (scene,) = trajdata_scenes(ENV, raw, tmp_path, ["test_loo"])
    table = read_recording(raw / "crowds_zara01.txt")
    table = table[np.lexsort((table[:, 0], table[:, 1]))]
    np.testing.assert_array_equal(np.sort(scene.position[:, 0]), np.sort(table[:, 2]))
    assert scene.split == "test_loo"
    assert set(scene.kind) == {2}
    assert not scene.position[:, 2].any()
    first = scene.first_row
    moved = np.diff(scene.position, axis=0) / ENV.dt
    inside = np.setdiff1d(np.arange(1, len(scene.position)), first)
    np.testing.assert_allclose(scene.velocity[inside], moved[inside - 1], atol=1e-9)
    assert np.isnan(scene.velocity[first]).all()


def test_other_steps_are_every_so_many(raw, tmp_path):
    (whole,) = trajdata_scenes(ENV, raw, tmp_path / "one", ["test_loo"])
    (thin,) = trajdata_scenes(ENV, raw, tmp_path / "two", ["test_loo"], dt=1.2)
    row = {}
    for first, start, steps in zip(whole.first_row, whole.first_step, whole.steps, strict=True):
        row |= {(tuple(whole.position[first + i]),): start + i for i in range(steps)}
    places = [row[(tuple(place),)] for place in thin.position]
    assert all(step % 3 == 0 for step in places)


def test_finer_steps_are_interpolated(raw, tmp_path):
    (whole,) = trajdata_scenes(ENV, raw, tmp_path / "one", ["test_loo"])
    (fine,) = trajdata_scenes(ENV, raw, tmp_path / "two", ["test_loo"], dt=0.2)
    np.testing.assert_array_equal(fine.steps, 2 * whole.steps - 1)
    assert np.isfinite(fine.position).all()


def test_a_split_that_is_not_there(raw, tmp_path):
    with pytest.raises(ValueError, match=r"no scene of 'best' for eupeds.*datamodule\.splits"):
        open_dataset(ENV, "best", raw, tmp_path)


@pytest.mark.parametrize(
    ("dt", "native", "factor"), [(0.4, 1 / 30, 12), (0.3, 0.1, 3), (0.5, 0.05, 10), (0.4, 0.4, 1)]
)
def test_multiples_survive_rounding(dt, native, factor):
    assert sampling(dt, native) == (None, factor)


@pytest.mark.parametrize(("dt", "native"), [(0.1, 0.4), (0.1, 0.3), (0.05, 0.1)])
def test_finer_steps_are_asked_for_so_that_trajdata_takes_them(dt, native):
    asked, factor = sampling(dt, native)
    assert math.isclose(asked, dt)
    assert (native / asked).is_integer()
    assert factor == 1


def test_as_recorded():
    assert sampling(None, 0.1) == (None, 1)


@pytest.mark.parametrize("dt", [0.25, 0.04, 0.07])
def test_what_is_no_multiple(dt):
    with pytest.raises(ValueError, match=rf"datamodule\.dt is {dt:g} s.*0\.1 s apart"):
        sampling(dt, 0.1)


def test_a_copy_of_the_files_gives_the_same(raw, tmp_path):
    other = shutil.copytree(raw, tmp_path / "raw")
    (one,) = trajdata_scenes(ENV, raw, tmp_path / "one", ["test_loo"])
    (two,) = trajdata_scenes(ENV, other, tmp_path / "two", ["test_loo"])
    np.testing.assert_array_equal(one.position, two.position)


def test_a_track_that_misses_steps_counts_as_two(tmp_path):
    """Rows of another agent never fill the gap."""
    from types import SimpleNamespace as Made

    import pandas as pd

    steps = {"a": [2, 3, 6, 7, 8], "b": [0, 1, 2]}
    index = [(name, step) for name, of_agent in steps.items() for step in of_agent]
    table = pd.DataFrame(
        {axis: np.arange(len(index), dtype=float) for axis in "xyz"},
        index=pd.MultiIndex.from_tuples(index, names=["agent_id", "scene_ts"]),
    )
    table.iloc[4, 0] = np.nan  # a place that is not known, at step 8
    agents = [
        Made(name=name, type=kind, first_timestep=of_agent[0], last_timestep=of_agent[-1])
        for kind, (name, of_agent) in zip((2, 1), steps.items(), strict=True)
    ]
    cache = Made(scene_data_df=table, index_dict={key: row for row, key in enumerate(index)})
    dataset = Made(cache_class=lambda *_: cache, cache_path=None)
    scene = scene_tracks(dataset, Made(agents=agents, dt=0.5, name="one"), "train")
    assert scene.first_step.tolist() == [2, 6, 0]
    assert scene.steps.tolist() == [2, 2, 3]
    assert scene.kind.tolist() == [2, 2, 1]
    assert scene.position[:, 0].tolist() == [0, 1, 2, 3, 5, 6, 7]
    assert scene.velocity[:, 0].tolist()[1::2] == [2.0, 2.0, 2.0]
    assert np.isnan(scene.velocity[[0, 2, 4]]).all()
