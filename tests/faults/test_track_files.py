"""Recordings with gaps, marks and other formats: read as what they are, or refused in words."""

import re
import shlex

import numpy as np
import pytest
from drone_samples import FRAMES, agent_rows, text_of, write_annotations

from softsym.cli import convert
from softsym.datamodules.motion.environments import environment
from softsym.datamodules.motion.pedestrian_files import read_recording
from softsym.datamodules.motion.zarr_files import require_plain_zarr
from softsym.runs.errors import UserError

LOST, GENERATED = 6, 8

MARKS = {
    # what: (column, marked frames, first frames and lengths of the tracks that are left)
    "nothing": (LOST, range(0), [(0, FRAMES)]),
    "lost in between": (LOST, range(30, 41), [(0, 30), (41, FRAMES - 41)]),
    "lost from the start": (LOST, range(25), [(25, FRAMES - 25)]),
    "lost until the end": (LOST, range(60, FRAMES), [(0, 60)]),
    "lost always": (LOST, range(FRAMES), []),
    "lost but for one": (LOST, {*range(FRAMES)} - {7}, [(7, 1)]),
    "generated in between": (GENERATED, range(30, 41), [(0, FRAMES)]),
    "generated at the end": (GENERATED, range(60, FRAMES), [(0, 60)]),
    "generated at the start": (GENERATED, range(20), [(20, FRAMES - 20)]),
    "generated always": (GENERATED, range(FRAMES), []),
}


def marked(row):
    """Marks a row as the entry of its agent's number says."""
    column, frames, _ = list(MARKS.values())[row[0]]
    return [*row[:column], int(row[5] in frames), *row[column + 1 :]]


@pytest.mark.parametrize("what", MARKS)
def test_marks_of_the_stanford_drone(what):
    pd = pytest.importorskip("pandas", reason="the extra 'trajectory' is not installed")
    from softsym.datamodules.motion.drone_files import COLUMNS, observed_rows

    agent = list(MARKS).index(what)
    rows = [marked(row) for row in agent_rows(agent)]
    left = observed_rows(pd.DataFrame(rows, columns=COLUMNS))
    tracks = [(int(frames.min()), len(frames)) for _, frames in left.groupby("agent")["frame"]]
    assert tracks == MARKS[what][2]


@pytest.mark.filterwarnings("ignore:DataFrame.interpolate with object dtype:FutureWarning")
def test_nobody_stands_still_or_jumps_when_trajdata_reads_them(tmp_path):
    pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    from softsym.datamodules.motion.trajdata_scenes import trajdata_scenes

    write_annotations(tmp_path / "raw", marked, agents=len(MARKS))
    scenes = trajdata_scenes(environment("sdd"), tmp_path / "raw", tmp_path / "cache", ["test"])
    scene = next(scenes)
    inside = np.setdiff1d(np.arange(len(scene.position)), scene.first_row)
    speed = np.linalg.norm(scene.velocity[inside], axis=1)
    np.testing.assert_allclose(speed, np.median(speed), rtol=1e-6)


DRONE_FILES = {
    "empty": ("", "no annotated position"),
    "nothing annotated": (text_of([[*row[:6], 1, *row[7:]] for row in agent_rows(1)]), "no annot"),
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


def usual(frames=(0, 10, 20, 30), ends="\n", between="\t", extra=()):
    """Two pedestrians in the plane, in any distribution."""
    rows = [(f, p, 0.5 * p + 0.25 * i, 1.0 - p) for i, f in enumerate(frames) for p in (1, 2)]
    return ends.join(between.join(map(str, [*row, *extra])) for row in rows) + ends


def obsmat(step=6):
    places = [(step * i, p, 0.5 * p + 0.25 * i, 1.0 - p) for i in range(4) for p in (1, 2)]
    rows = [(frame, p, x, 0.0, y, 0.1, 0.0, 0.1) for frame, p, x, y in places]
    return "".join(" ".join(f"{v:.7e}" for v in row) + "\n" for row in rows)


DISTRIBUTIONS = {
    # what: (content, words that name it)
    "obsmat": (obsmat(), "8 columns of an obsmat.*; spaces between.*; frames 6 apart"),
    "obsmat in steps of ten": (obsmat(10), "8 columns of an obsmat"),
    "a fifth column": (usual(extra=["7.5"]), "5 columns, of which number 5 is left out"),
    "commas": (usual(between=","), "commas between the columns"),
    "commas and spaces": (usual(between=", "), "commas between the columns"),
    "spaces": (usual(between="   "), "spaces between the columns"),
    "steps of six": (usual(range(780, 804, 6)), "frames 6 apart, which count as 0.4 s"),
    "steps of one": (usual(range(4)), "frames 1 apart, which count as 0.4 s"),
    "frames off by 1e-9": (usual((0, 10.000000001, 20, 29.999999999)), "that are 1e-09 off"),
    "a byte order mark": ("\ufeff" + usual(), "a byte order mark"),
    "a mark and Windows' ends": ("\ufeff" + usual(ends="\r\n"), "a byte order mark"),
    "UTF-16": (usual().encode("utf-16"), "a byte order mark"),
}


@pytest.mark.parametrize("what", DISTRIBUTIONS)
def test_other_distributions_are_named_and_converted(tmp_path, what, capsys):
    content, words = DISTRIBUTIONS[what]
    source, target = tmp_path / "my files", tmp_path / "my files-converted"
    source.mkdir()
    path = source / "biwi_eth.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ValueError, match=rf"biwi_eth\.txt is another dist.*{words}") as raised:
        read_recording(path)
    command = str(raised.value).rpartition("usual one: softsym convert ")[2]
    convert.main(shlex.split(command))
    assert re.search(words, capsys.readouterr().out)
    actual = read_recording(target / "biwi_eth.txt")
    expected = np.array([line.split("\t") for line in usual().splitlines()], float)
    actual[:, 0] -= actual[0, 0]
    np.testing.assert_array_equal(actual, expected)


REFUSED_DISTRIBUTIONS = {
    "three columns": ("0\t1\t2\n10\t1\t2\n", "is no known distribution"),
    "uneven frames": (usual((0, 10, 15, 40)), "is no known distribution"),
    "frames between": (usual((0, 10.5, 20, 30)), "is no known distribution"),
    "words": (usual().replace("10", "ten"), "is no known distribution"),
    "no number": (usual().replace("0.5", "nan"), "is no known distribution"),
    "empty": ("", "is no known distribution"),
    "bytes": (bytes(range(256)), "is no known distribution"),
    "twice": (usual() + "30\t1\t0\t0\n", "two positions of pedestrian 1 at frame 30"),
}


@pytest.mark.parametrize("what", REFUSED_DISTRIBUTIONS)
def test_what_cannot_be_converted(tmp_path, what):
    content, words = REFUSED_DISTRIBUTIONS[what]
    path = tmp_path / "a.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError, match=rf"a\.txt .*{words}"):
        convert.main([str(path), str(tmp_path / "b.txt")])
    assert not (tmp_path / "b.txt").exists()


def test_a_pedestrian_who_comes_back_is_a_new_one(tmp_path, capsys):
    rows = [(10 * i, p, i, p) for i in (0, 1, 2, 3, 6, 7, 8, 12, 13) for p in (1, 2)]
    (tmp_path / "a.txt").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    convert.main([str(tmp_path / "a.txt"), str(tmp_path / "b.txt")])
    assert "4 gaps in tracks" in capsys.readouterr().out
    table = read_recording(tmp_path / "b.txt")
    assert len(set(table[:, 1])) == 6
    np.testing.assert_array_equal(table[:, 0], [row[0] for row in rows])


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("nowhere", "b", "There is no file or folder '.*nowhere' to convert"),
        ("empty", "b", "has none of biwi_eth"),
        ("a.txt", "there.txt", r"there\.txt exists\. Remove it, or name another target"),
    ],
)
def test_conversions_that_cannot_be(tmp_path, source, target, message):
    (tmp_path / "a.txt").write_text(usual())
    (tmp_path / "there.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message):
        convert.main([str(tmp_path / source), str(tmp_path / target)])
    assert (tmp_path / "there.txt").read_text() == "mine"
