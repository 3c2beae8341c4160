"""Whatever happens after now leaves the inputs as they are, for every reader of recordings."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from drone_samples import write_annotations

from softsym.datamodules.motion.environments import environment
from softsym.datamodules.motion.layout import WindowLayout
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.datamodules.motion.tracks import SceneTracks, backward_velocities
from softsym.datamodules.motion.waymo_records import WaymoRecord
from softsym.datamodules.motion.waymo_windows import NORMALISATIONS, cut_windows, normalise
from softsym.datamodules.motion.windows import WindowFilter, cut, window_starts

LAYOUTS = [
    WindowLayout(1, 2, velocities=True),
    WindowLayout(3, 2, velocities=True, neighbours=2),
    WindowLayout(4, 1, 3, velocities=True),
]


def moved(places, later):
    """Adds a different step to every place that is later, told by its own values."""
    noise = np.array([zlib.crc32(place.tobytes()) % 997 for place in np.ascontiguousarray(places)])
    return places + np.where(later, 1 + noise / 997, 0.0)[:, None]


def inputs_until(scene, now, layout, dt, recorded=1):
    """The inputs of all windows whose now is at most step ``now``."""
    rules = WindowFilter(recorded=recorded)
    starts = window_starts(scene, rules.agents(scene), layout.steps, 1)
    last = scene.step_of_row[starts + layout.history - 1]
    parts = list(cut(scene, layout, rules, dt))
    inputs = np.concatenate([part for part, _, _ in parts])
    targets = np.concatenate([part for _, part, _ in parts])
    early = last[last % recorded == 0] <= now
    return inputs[early], targets[early]


def assert_blind_to_the_future(one, other, now, dt, recorded=1):
    for layout in LAYOUTS:
        inputs, targets = inputs_until(one, now, layout, dt, recorded)
        same, elsewhere = inputs_until(other, now, layout, dt, recorded)
        assert len(inputs)
        np.testing.assert_array_equal(inputs, same)
        assert (targets != elsewhere).any()  # the future did move


def recipe(later):
    draw = np.random.default_rng(0)
    steps, first = np.array([30, 20, 25]), np.array([0, 10, 4])
    empty = np.zeros((steps.sum(), 3))
    scene = SceneTracks("train", first, steps, np.full(3, 2), empty, empty)
    walk = draw.normal(size=(75, 3)).cumsum(axis=0)
    walk = moved(walk, scene.step_of_row > later)
    velocity = backward_velocities(walk, steps, 0.4)
    return SceneTracks("train", first, steps, np.full(3, 2), walk, velocity)


def test_the_recipe_for_own_recordings():
    assert_blind_to_the_future(recipe(100), recipe(15), 15, 0.4)


def test_the_first_velocity_of_a_track_is_unknown_even_where_it_is_all_that_is_seen():
    one, layout = recipe(100), WindowLayout(1, 12, velocities=True)
    ((inputs, _, _),) = cut(one, layout, WindowFilter(), 0.4)
    starts = window_starts(one, np.ones(3, bool), layout.steps, 1)
    at_first = np.isin(starts, one.first_row)
    np.testing.assert_array_equal(inputs[:, -1], ~at_first)
    assert not inputs[at_first, 2:4].any()


def scenes_of(env, folder, scratch, split, dt=None):
    pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    from softsym.datamodules.motion.trajdata_scenes import trajdata_scenes

    return list(trajdata_scenes(environment(env), folder, scratch, [split], dt))


@pytest.mark.parametrize(("dt", "recorded"), [(0.4, 1), (1.2, 1), (0.2, 2)])
def test_pedestrians(tmp_path, dt, recorded):
    now = 300
    write_recordings(tmp_path / "one", PedestrianSimulation(arrivals=0.1))
    (tmp_path / "two").mkdir()
    for path in (tmp_path / "one").glob("*.txt"):
        table = np.loadtxt(path, delimiter="\t")
        table[:, 2:] = moved(table[:, 2:], table[:, 0] > 10 * now)
        np.savetxt(tmp_path / "two" / path.name, table, fmt="%.6f", delimiter="\t")
    (one,), (two,) = (
        scenes_of("eupeds_zara1", tmp_path / name, tmp_path / f"{name}-scratch", "test_loo", dt)
        for name in ("one", "two")
    )
    assert_blind_to_the_future(one, two, round(now * 0.4 / dt), dt, recorded)


@pytest.mark.filterwarnings("ignore:DataFrame.interpolate with object dtype:FutureWarning")
def test_stanford_drone(tmp_path):
    now = 40
    write_annotations(tmp_path / "one")
    write_annotations(
        tmp_path / "two",
        change=lambda row: [row[0], *(v + 31 * (row[5] > now) for v in row[1:5]), *row[5:]],
    )
    ones, twos = (
        scenes_of("sdd", tmp_path / name, tmp_path / f"{name}-scratch", "test")
        for name in ("one", "two")
    )
    for one, two in zip(ones, twos, strict=True):
        assert_blind_to_the_future(one, two, now, 1 / 30)


def test_argoverse2(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra 'trajectory' is not installed")
    import pyarrow
    from argoverse2_files import write_scenario
    from pyarrow import parquet

    from softsym.datamodules.motion.argoverse2 import read_scenario

    now = 60
    columns = write_scenario(tmp_path, "train", "a")
    path = next(tmp_path.rglob("*.parquet"))
    one = read_scenario(path, "train")
    later = np.array(columns["timestep"]) > now
    for name in ("position_x", "position_y", "velocity_x", "velocity_y"):
        columns[name] = moved(np.array(columns[name])[:, None], later)[:, 0]
    parquet.write_table(pyarrow.table(columns), path)
    assert_blind_to_the_future(one, read_scenario(path, "train"), now, 0.1)


LYFT = Path(__file__).resolve().parents[3] / "shared" / "data" / "lyft" / "scenes" / "sample.zarr"


@pytest.mark.skipif(not LYFT.is_dir(), reason="needs ../shared/data/lyft")
def test_lyft(tmp_path):
    pytest.importorskip("l5kit", reason="the devkit of Lyft is not installed")
    import shutil

    import zarr

    other = Path(shutil.copytree(LYFT, tmp_path / "two"))
    for path in other.rglob("*"):
        path.chmod(0o755)
    frames, agents = zarr.open(other / "frames"), zarr.open(other / "agents")
    now = len(frames) // 2
    later = np.arange(len(agents)) >= frames[now + 1]["agent_index_interval"][0]
    table = agents[:]
    table["centroid"] = moved(table["centroid"], later)
    agents[:] = table
    (one,), (two,) = (
        scenes_of("lyft_sample", folder, tmp_path / f"scratch-{folder.name}", "mini_train")
        for folder in (LYFT, other)
    )
    assert_blind_to_the_future(one, two, now, 0.1)


def test_waymo():
    times = np.arange(91)[:, None]
    draw = np.random.default_rng(0)
    paths = np.stack([times * draw.normal(size=3) * 0.1 for _ in range(5)])
    later = paths.copy()
    later[:, 11:] = np.stack([moved(path[11:], np.ones(80, bool)) for path in paths])
    one, two = (
        normalise(
            cut_windows(WaymoRecord(p, np.ones(p.shape[:2], bool)), 0.0, 99.0),
            NORMALISATIONS["symm_aware"],
            "history",
        )
        for p in (paths, later)
    )
    np.testing.assert_array_equal(one[:, :6], two[:, :6])
    assert (one[:, 6:] != two[:, 6:]).all()
