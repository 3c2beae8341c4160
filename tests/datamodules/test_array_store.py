"""The store of arrays: each result is built once, whatever happens meanwhile."""

import json
import logging
import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from softsym.datamodules import array_store
from softsym.datamodules.array_store import (
    INDEX,
    UNFINISHED,
    ArrayWriter,
    cached_arrays,
    fingerprint,
)

ROOT = Path(__file__).resolve().parents[2]

ARRAYS = {
    "points": np.arange(24, dtype=np.float32).reshape(8, 3),
    "numbers": np.arange(5),
    "none": np.zeros((0, 4)),
}


def build(writer):
    for name, values in ARRAYS.items():
        writer.append(name, values)


def forbidden(_):
    raise AssertionError("built again")


def cached(folder, how=build, key="k"):
    return cached_arrays(folder, "thing", key, how)


def assert_whole(actual):
    assert actual.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        assert actual[name].dtype == values.dtype
        np.testing.assert_array_equal(actual[name], values)


@pytest.fixture
def stored(tmp_path):
    """A cache with the result in it, and the folder of the result."""
    cached(tmp_path)
    return tmp_path, tmp_path / "thing-k"


def test_builds_once_and_maps_into_memory(tmp_path):
    assert_whole(cached(tmp_path))
    actual = cached(tmp_path, forbidden)
    assert_whole(actual)
    assert isinstance(actual["points"], np.memmap)
    assert {path.suffix for path in tmp_path.iterdir()} == {"", ".lock"}


def test_files_are_plain_npy(stored):
    np.testing.assert_array_equal(np.load(stored[1] / "points.npy"), ARRAYS["points"])


def test_writing_to_an_array_stays_in_the_process(stored):
    cached(stored[0], forbidden)["points"][:] = 7.0
    assert_whole(cached(stored[0], forbidden))


def test_keys_and_names_are_apart(tmp_path):
    cached(tmp_path)
    other = cached(tmp_path, lambda writer: writer.append("points", np.ones(2)), key="l")
    assert other.keys() == {"points"}
    assert_whole(cached(tmp_path, forbidden))


@given(
    arrays_of.arrays(np.float64, st.tuples(st.integers(0, 40), st.integers(0, 3))),
    st.lists(st.integers(0, 40), max_size=4),
)
def test_pieces_make_the_whole(values, cuts):
    import tempfile

    def in_pieces(writer):
        for piece in np.split(values, sorted(min(cut, len(values)) for cut in cuts)):
            writer.append("values", piece)

    with tempfile.TemporaryDirectory() as folder:
        actual = cached_arrays(Path(folder), "pieces", "k", in_pieces)["values"]
        np.testing.assert_array_equal(actual, values)
        assert actual.shape == values.shape


def test_pieces_must_fit_together(tmp_path):
    writer = ArrayWriter(tmp_path)
    writer.append("values", np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"holds float64 rows of shape \(3,\); got float32"):
        writer.append("values", np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match=r"got float64 of \(4,\)"):
        writer.append("values", np.zeros((2, 4)))
    writer.abandon()


def test_scratch_is_gone_afterwards(tmp_path):
    def with_scratch(writer):
        (writer.scratch / "file").touch()
        build(writer)

    cached(tmp_path, with_scratch)
    assert {path.name for path in (tmp_path / "thing-k").iterdir()} == {
        INDEX,
        *(f"{name}.npy" for name in ARRAYS),
    }


def test_others_may_read_what_the_umask_lets_them(stored):
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(stored[1].stat().st_mode) == 0o777 & ~mask


def halved(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def one_bit_flipped(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))


def emptied(path):
    path.write_bytes(b"")


def gone(path):
    path.unlink()


@pytest.mark.parametrize("spoil", [halved, one_bit_flipped, emptied, gone])
@pytest.mark.parametrize("name", ["points.npy", INDEX])
def test_damaged_result_is_rebuilt_and_said(spoil, name, stored, caplog):
    cache, folder = stored
    spoil(folder / name)
    assert_whole(cached(cache))
    assert "it is built anew" in caplog.text
    assert_whole(cached(cache, forbidden))


def test_index_of_something_else_is_damage(stored, caplog):
    cache, folder = stored
    index = json.loads((folder / INDEX).read_text())
    (folder / INDEX).write_text(json.dumps(index | {"key": "other"}))
    assert_whole(cached(cache))
    assert "its key is other" in caplog.text


def test_a_build_that_raises_leaves_nothing(tmp_path):
    def fail(writer):
        build(writer)
        raise RuntimeError("no space left")

    with pytest.raises(RuntimeError, match="no space left"):
        cached(tmp_path, fail)
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]
    assert_whole(cached(tmp_path))


KILLED = """
    import sys, time
    from pathlib import Path
    import numpy as np
    sys.path.insert(0, "datamodules")  # the package itself would load torch
    from array_store import cached_arrays

    def build(writer):
        writer.append("points", np.zeros((1000, 3)))
        (Path(sys.argv[1]) / "reached").touch()
        time.sleep(600)

    cached_arrays(Path(sys.argv[1]), "thing", "k", build)
"""

SEVERAL = """
    import sys, time
    from pathlib import Path
    import numpy as np
    sys.path.insert(0, "datamodules")  # the package itself would load torch
    from array_store import cached_arrays

    folder, number = Path(sys.argv[1]), sys.argv[2]
    (folder / f"ready-{number}").touch()
    while len(list(folder.glob("ready-*"))) < 3:
        time.sleep(0.01)

    def build(writer):
        (folder / f"built-{number}").touch()
        for start in range(0, 3000, 100):
            writer.append("values", np.arange(start, start + 100))
            time.sleep(0.01)

    print(int(cached_arrays(folder / "cache", "thing", "k", build)["values"].sum()))
"""


def started(program, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_build_is_cleared_away(tmp_path):
    process = started(KILLED, tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "reached").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(tmp_path.glob(f"{UNFINISHED}*/points.npy"))
    assert_whole(cached(tmp_path))
    assert not list(tmp_path.glob(f"{UNFINISHED}*"))


def test_processes_at_once_build_once_and_agree(tmp_path):
    processes = [started(SEVERAL, tmp_path, number) for number in range(3)]
    try:
        answers = [process.communicate(timeout=100) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [answer[0].strip() for answer in answers] == [str(sum(range(3000)))] * 3, answers
    assert len(list(tmp_path.glob("built-*"))) == 1


def test_waiting_for_another_build_is_said(tmp_path, caplog, monkeypatch):
    import threading

    monkeypatch.setattr(array_store, "REMINDER", 0.1)
    tmp_path.mkdir(exist_ok=True)
    held = FileLock(tmp_path / "thing-k.lock", thread_local=False)
    held.acquire()
    threading.Timer(0.3, held.release).start()
    with caplog.at_level(logging.INFO):
        assert_whole(cached(tmp_path))
    assert "Another process builds" in caplog.text


def test_a_cache_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file' cannot be written .*another datamodule\.cache_dir"):
        cached(tmp_path / "file")


def test_fingerprint_tells_contents_apart():
    assert fingerprint(1, "a") == fingerprint(1, "a")
    assert len({fingerprint(1, "a"), fingerprint("1", "a"), fingerprint(1), fingerprint()}) == 4
