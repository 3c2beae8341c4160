"""Recordings with gaps, marks and other formats: read as what they are, or refused in words."""

import numpy as np
import pytest
from drone_samples import FRAMES, agent_rows, text_of, write_annotations

from softsym.datamodules.motion.environments import environment
from softsym.datamodules.motion.zarr_files import require_plain_zarr

LOST, GENERATED = 6, 8


def marked(column, frames, agent=1):
    """Marks the rows of one agent in the given frames."""

    def change(row):
        hit = row[0] == agent and row[5] in frames
        return [*row[:column], int(hit), *row[column + 1 :]] if hit else row

    return change


MARKS = {
    # what: (change of the rows, steps and first steps of the tracks that agent 1 becomes)
    "nothing": (lambda row: row, [(10, 70)]),
    "lost in between": (marked(LOST, range(30, 41)), [(10, 20), (41, 39)]),
    "lost from the start": (marked(LOST, range(25)), [(25, 55)]),
    "lost until the end": (marked(LOST, range(60, 99)), [(10, 50)]),
    "lost always": (marked(LOST, range(99)), []),
    "generated in between": (marked(GENERATED, range(30, 41)), [(10, 70)]),
    "generated at the end": (marked(GENERATED, range(60, 99)), [(10, 50)]),
    "generated at the start": (marked(GENERATED, range(20)), [(20, 60)]),
    "generated always": (marked(GENERATED, range(99)), []),
}


@pytest.fixture
def drone_scene(tmp_path):
    """Reads one scene of Stanford Drone videos whose rows were changed."""
    pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    from softsym.datamodules.motion.trajdata_scenes import trajdata_scenes

    def read(change):
        write_annotations(tmp_path / "raw", change)
        scenes = trajdata_scenes(environment("sdd"), tmp_path / "raw", tmp_path / "cache", ["test"])
        return next(iter(scenes))

    return read


@pytest.mark.filterwarnings("ignore:DataFrame.interpolate with object dtype:FutureWarning")
@pytest.mark.parametrize("what", MARKS)
def test_marks_of_the_stanford_drone(drone_scene, what):
    change, expected = MARKS[what]
    scene = drone_scene(change)
    tracks = list(zip(scene.first_step.tolist(), scene.steps.tolist(), strict=True))
    assert sorted(tracks) == sorted([(0, FRAMES), *expected, (20, FRAMES - 20)])
    # the boxes go on evenly: nobody stands still or jumps
    inside = np.setdiff1d(np.arange(len(scene.position)), scene.first_row)
    speed = np.linalg.norm(scene.velocity[inside], axis=1)
    np.testing.assert_allclose(speed, np.median(speed), rtol=1e-6)


DRONE_FILES = {
    "empty": ("", "no table of Stanford Drone annotations"),
    "nothing annotated": (text_of([marked(LOST, range(99))(r) for r in agent_rows(1)]), "no annot"),
    "text": ("hello world\n", "no table of Stanford Drone annotations"),
    "a number missing": ("1 2 3 4 5 6 0 0\n", "no table of Stanford Drone annotations"),
}


@pytest.mark.parametrize("what", DRONE_FILES)
def test_annotations_that_are_none(tmp_path, what):
    pytest.importorskip("pandas", reason="the extra 'trajectory' is not installed")
    text, message = DRONE_FILES[what]
    path = tmp_path / "raw" / "gates" / "video0" / "annotations.txt"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"gates/video0/annotations\.txt .*{message}"):
        environment("sdd").repair(tmp_path / "raw", tmp_path / "repaired")


PLAIN = '"compressor": {"id": "blosc"}, "filters": null'
ZARRS = {
    "numbers": ('{"dtype": [["x", "<f8"]], ' + PLAIN + "}", None),
    "no compressor": ('{"dtype": "<f8", "compressor": null, "filters": null}', None),
    "objects": ('{"dtype": "|O", ' + PLAIN + "}", "Python objects"),
    "objects in a field": ('{"dtype": [["x", "|O"]], ' + PLAIN + "}", "Python objects"),
    "a pickle filter": (
        '{"dtype": "<f8", "compressor": null, "filters": [{"id": "pickle"}]}',
        "could run code",
    ),
    "a pickle compressor": (
        '{"dtype": "<f8", "compressor": {"id": "pickle"}, "filters": null}',
        "could run code",
    ),
    "over-deep": ("[" * 100_000, "describes no array"),
    "a list": ("[]", "describes no array"),
    "text": ("hello", "describes no array"),
}


@pytest.mark.parametrize("what", ZARRS)
def test_zarr_that_runs_code_is_refused(tmp_path, what):
    text, message = ZARRS[what]
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / ".zarray").write_text(text)
    if message is None:
        require_plain_zarr(tmp_path)
    else:
        with pytest.raises(ValueError, match=rf"agents/\.zarray .*{message}"):
            require_plain_zarr(tmp_path)
