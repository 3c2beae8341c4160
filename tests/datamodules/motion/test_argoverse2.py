"""Argoverse 2 scenarios read from parquet files."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="the extra 'trajectory' is not installed")
import pyarrow
from argoverse2_files import write_scenario
from pyarrow import parquet

from softsym.datamodules.motion.argoverse2 import argoverse2_scenes, read_scenario
from softsym.datamodules.motion.environments import AGENT_TYPES, environment

ENV = environment("argoverse2")
REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "argoverse2"


def test_tracks_of_a_written_scenario(tmp_path):
    columns = write_scenario(tmp_path, "train", "abc", seed=3)
    actual = read_scenario(tmp_path / "train" / "abc" / "scenario_abc.parquet", "train")
    assert actual.split == "train"
    kinds = [AGENT_TYPES[kind] for kind in actual.kind]
    rows = 0
    for first, steps, kind in zip(actual.first_step, actual.steps, kinds, strict=True):
        part = slice(rows, rows + steps)
        match = [
            i
            for i, step in enumerate(columns["timestep"])
            if step == first and np.isclose(columns["position_x"][i], actual.position[rows, 0])
        ]
        assert len(match) == 1
        name = columns["track_id"][match[0]]
        of_track = [
            i
            for i, (track, step) in enumerate(
                zip(columns["track_id"], columns["timestep"], strict=True)
            )
            if track == name and first <= step < first + steps
        ]
        of_track.sort(key=lambda i: columns["timestep"][i])
        for number, axis in enumerate("xy"):
            for what, values in (("position", actual.position), ("velocity", actual.velocity)):
                expected = np.array(columns[f"{what}_{axis}"])[of_track]
                np.testing.assert_array_equal(values[part, number], expected)
        word = columns["object_type"][of_track[0]]
        expected_kind = {"cyclist": "bicycle", "static": "unknown", "bus": "vehicle"}
        assert kind == expected_kind.get(word, word)
        rows += steps
    assert rows == len(columns["track_id"])
    assert not actual.position[:, 2].any()


def test_a_track_with_a_gap_counts_as_two(tmp_path):
    columns = write_scenario(tmp_path, "train", "abc", gap=True)
    actual = read_scenario(tmp_path / "train" / "abc" / "scenario_abc.parquet", "train")
    assert len(actual.steps) == len(set(columns["track_id"])) + 1


def test_all_scenarios_of_the_splits_thinned(tmp_path):
    for split, name in (("train", "b"), ("train", "a"), ("val", "c")):
        write_scenario(tmp_path, split, name)
    actual = list(argoverse2_scenes(ENV, tmp_path, ["val", "train"], dt=0.5))
    assert [scene.split for scene in actual] == ["val", "train", "train"]
    whole = read_scenario(tmp_path / "val" / "c" / "scenario_c.parquet", "val")
    assert actual[0].steps.max() == -(-whole.steps.max() // 5)


@pytest.mark.parametrize("dt", [0.05, 0.25])
def test_steps_between_the_recorded_ones_are_refused(dt, tmp_path):
    write_scenario(tmp_path, "train", "a")
    with pytest.raises(ValueError, match=rf"datamodule\.dt is {dt:g} s.*0\.1 s apart"):
        list(argoverse2_scenes(ENV, tmp_path, ["train"], dt=dt))


def test_a_split_without_scenarios(tmp_path):
    write_scenario(tmp_path, "train", "a")
    with pytest.raises(ValueError, match=r"no scenario in .*val.*datamodule\.splits"):
        list(argoverse2_scenes(ENV, tmp_path, ["val"]))


@pytest.mark.parametrize("content", [b"", b"PAR1 nothing", b"text"])
def test_damaged_files_are_named(content, tmp_path):
    path = tmp_path / "scenario_a.parquet"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"scenario_a\.parquet cannot be read .*Fetch it again"):
        read_scenario(path, "train")


def test_other_tables_are_refused(tmp_path):
    path = tmp_path / "scenario_a.parquet"
    parquet.write_table(pyarrow.table({"track_id": ["1"], "timestep": [0]}), path)
    with pytest.raises(ValueError, match=r"scenario_a\.parquet lacks the columns object_type, pos"):
        read_scenario(path, "train")


def edited(folder, **columns):
    """A scenario some of whose columns hold other values."""
    rows = write_scenario(folder, "train", "a")
    path = folder / "train" / "a" / "scenario_a.parquet"
    count = len(rows["track_id"])
    new = {name: change(rows[name], count) for name, change in columns.items()}
    parquet.write_table(pyarrow.table(rows | new), path)
    return path


@pytest.mark.parametrize(
    ("column", "change", "message"),
    [
        ("timestep", lambda v, n: [None] * n, r"\d+ empty cells in the column timestep"),
        ("object_type", lambda v, n: [None, *v[1:]], "1 empty cells in the column object_type"),
        ("position_x", lambda v, n: ["a"] * n, "has string in the column position_x"),
        ("timestep", lambda v, n: [0.5] * n, "has double in the column timestep"),
        ("position_y", lambda v, n: [float("inf"), *v[1:]], "position_y that no city has"),
        ("velocity_x", lambda v, n: [1e30, *v[1:]], "velocity_x that no city has"),
        ("timestep", lambda v, n: [3] * n, "two rows of one agent at one step"),
    ],
)
def test_damaged_columns_are_named(column, change, message, tmp_path):
    path = edited(tmp_path, **{column: change})
    with pytest.raises(ValueError, match=rf"scenario_a\.parquet.*{message}.*Fetch it again"):
        read_scenario(path, "train")


def test_a_scenario_without_rows(tmp_path):
    path = edited(tmp_path)
    parquet.write_table(parquet.read_table(path).slice(0, 0), path)
    with pytest.raises(ValueError, match=r"scenario_a\.parquet has no rows"):
        read_scenario(path, "train")


def test_a_folder_without_its_file(tmp_path):
    write_scenario(tmp_path, "train", "a")
    (tmp_path / "train" / "b").mkdir()
    with pytest.raises(ValueError, match=r"1 of 2 folders in .*train have no .*such as b"):
        list(argoverse2_scenes(ENV, tmp_path, ["train"]))


@pytest.mark.skipif(not REAL.is_dir(), reason="needs the scenario in ../shared/data/argoverse2")
def test_the_real_scenario():
    (path,) = REAL.glob("val/*/scenario_*.parquet")
    actual = read_scenario(path, "val")
    table = parquet.read_table(path).to_pandas()
    assert len(actual.steps) == table.track_id.nunique() == 58
    assert len(actual.position) == len(table) == 2434
    expected = table.sort_values(["track_id", "timestep"], kind="stable")
    np.testing.assert_array_equal(actual.position[:, :2], expected[["position_x", "position_y"]])
    np.testing.assert_array_equal(actual.velocity[:, :2], expected[["velocity_x", "velocity_y"]])
    moved = np.diff(actual.position[: actual.steps[0], :2], axis=0) / 0.1
    assert np.median(np.abs(moved - actual.velocity[: actual.steps[0] - 1, :2])) < 0.5
