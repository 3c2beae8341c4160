"""Raw recordings: accepted files, and the message for each fault."""

import time

import numpy as np
import pytest

from softsym.datamodules.motion.pedestrian_files import (
    RECORDINGS,
    read_recording,
)
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings

GOOD = "0.0\t1.0\t1.5\t2.5\n0\t2\t-1\t3e-1\n10.0\t1.0\t1.6\t2.4\n"


def written(tmp_path, text):
    path = tmp_path / "biwi_eth.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_reads_numbers(tmp_path):
    table = read_recording(written(tmp_path, GOOD))
    np.testing.assert_array_equal(table, [[0, 1, 1.5, 2.5], [0, 2, -1, 0.3], [10, 1, 1.6, 2.4]])


def test_line_ends_of_windows_and_blank_lines_are_read(tmp_path):
    table = read_recording(written(tmp_path, GOOD.replace("\n", "\r\n") + "\n\n"))
    assert table.shape == (3, 4)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (GOOD + "20.0\tone\t1\t2\n", 4, "has 'one' in column 'pedestrian', not a number"),
        (GOOD + "20.0\t1.0\t1.7\n", 4, "has 3 tab-separated columns, not 4"),
        (GOOD + "20.0\t1.0\t1.7\t2.3\t9\n", 4, "has 5 tab-separated columns, not 4"),
        ("0\t1\t2\n10\t1\t2\n", 1, "has 3 tab-separated columns, not 4"),
        (GOOD + "20.0\t1.0\tnan\t2.3\n", 4, "has 'nan' in column 'x', not a finite number"),
        (GOOD + "20.0\t1.0\t1.7\tinf\n", 4, "has 'inf' in column 'y', not a finite number"),
        (GOOD + "20.0\t1.0\t1.7\t\n", 4, "has '' in column 'y', not a number"),
        (GOOD + "20.0\t1.0\t1.7\t2.", 4, "does not end in a newline, so the file seems truncated"),
        (GOOD + "20.0\t1.0\t1.", 4, "has 3 tab-separated columns"),
        (GOOD + "30.0\t1.0\t1.7\t2.3\n", 4, "is 20 frames after .* pedestrian 1, not 10"),
        (GOOD + "10.0\t1.0\t1.7\t2.3\n", 4, "is 0 frames after .* pedestrian 1, not 10"),
        (GOOD + "15.0\t1.0\t1.7\t2.3\n", 4, "frame 15 of pedestrian 1, but frames count"),
        (GOOD + "20.0\t1.5\t1.7\t2.3\n", 4, "frame 20 of pedestrian 1.5, but frames count"),
        ("\n" + GOOD + "\n30\t1\t1\t2\n", 6, "is 20 frames after"),
        (b"\xff\xfe\x00" + GOOD.encode(), 1, "in column 'frame', not a number"),
    ],
)
def test_fault_names_file_and_line(tmp_path, text, line, message):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=rf"biwi_eth\.txt, line {line} .*{message}") as raised:
        read_recording(path)
    assert str(path) in str(raised.value)
    assert "Fetch the file again or repair that line" in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_empty_file(tmp_path, text):
    with pytest.raises(ValueError, match=r"biwi_eth\.txt is empty\. The eight files"):
        read_recording(written(tmp_path, text))


def test_long_offending_text_is_cut(tmp_path):
    with pytest.raises(ValueError, match="not a number") as raised:
        read_recording(written(tmp_path, GOOD + "20\t" + "x" * 10_000 + "\t1\t2\n"))
    assert len(str(raised.value)) < 1000


def test_eight_good_files_are_read_in_well_under_a_second(tmp_path):
    write_recordings(tmp_path, PedestrianSimulation(arrivals=0.3))  # 2.6 MB, as the real ones
    start = time.perf_counter()
    tables = {name: read_recording(tmp_path / f"{name}.txt") for name in RECORDINGS}
    assert time.perf_counter() - start < 1.0
    assert list(tables) == list(RECORDINGS)
