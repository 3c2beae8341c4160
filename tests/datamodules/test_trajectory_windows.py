"""Windows out of trajdata's tables: values, counts, and a cache that nothing can break."""

import io
import json
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("trajdata")

from datamodules import trajectory_windows
from datamodules.simulated_pedestrians import PedestrianSimulation, write_recordings
from datamodules.trajectory_windows import (
    BUILDING,
    PARTS,
    SCENES,
    cache_key,
    cached_windows,
    centre,
    extract_windows,
    open_dataset,
)

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "eth_ucy"
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


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Folder of simulated recordings."""
    folder = tmp_path_factory.mktemp("raw")
    write_recordings(folder, PedestrianSimulation())
    return folder


@pytest.fixture(scope="module")
def built(raw, tmp_path_factory):
    """A cache folder that holds a good result, and that result."""
    cache = tmp_path_factory.mktemp("cache")
    return cache, cached_windows("zara1", raw, cache)


@pytest.fixture
def cache(built, tmp_path):
    """A copy of the good cache for a test to spoil."""
    return Path(shutil.copytree(built[0], tmp_path / "cache"))


def result_file(cache):
    (path,) = cache.glob("*.npz")
    return path


def assert_same(windows, others):
    assert windows.keys() == others.keys() == PARTS.keys()
    for part, values in windows.items():
        np.testing.assert_array_equal(values, others[part])


def forbid_building(monkeypatch):
    def fail(*_args):
        raise AssertionError("built again")

    monkeypatch.setattr(trajectory_windows, "extract_windows", fail)


def count_builds(monkeypatch):
    builds = []

    def counted(*arguments):
        builds.append(arguments)
        return extract_windows(*arguments)

    monkeypatch.setattr(trajectory_windows, "extract_windows", counted)
    return builds


def samples(dataset, indices):
    """World positions (n, 20, 2) by trajdata's own way, one sample at a time."""
    items = (dataset[int(index)] for index in indices)
    return np.stack(
        [np.concatenate([item.agent_history_np, item.agent_future_np]) for item in items]
    )


def compare_with_iteration(folder, scratch, scene, per_part, *, history=8, future=12):
    windows = extract_windows(scene, folder, scratch / "ours", history, future)
    for part, tag in PARTS.items():
        dataset = open_dataset(
            scene, tag, folder, scratch / "theirs", history=history, future=future
        )
        assert len(dataset) == len(windows[part])
        chosen = np.linspace(0, len(dataset) - 1, per_part).astype(int)
        np.testing.assert_array_equal(windows[part][chosen], samples(dataset, chosen))


def test_values_and_order_equal_sample_by_sample_iteration(raw, tmp_path):
    compare_with_iteration(raw, tmp_path, "zara1", 40)


def test_other_lengths_equal_sample_by_sample_iteration(raw, tmp_path):
    compare_with_iteration(raw, tmp_path, "univ", 10, history=4, future=7)


@needs_real
@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_real_values_equal_sample_by_sample_iteration(scene, tmp_path):
    compare_with_iteration(REAL, tmp_path, scene, 400)


@needs_real
@pytest.mark.parametrize(
    "scene", [pytest.param(s, marks=() if s == "zara1" else pytest.mark.slow) for s in SCENES]
)
def test_real_counts(scene, tmp_path):
    windows = cached_windows(scene, REAL, tmp_path)
    assert tuple(len(windows[part]) for part in ("train", "val", "test")) == COUNTS[scene]


def test_windows_are_float32_and_centred_on_the_last_observed_position(built):
    for values in built[1].values():
        assert values.dtype == np.float32
        assert values.shape[1:] == (20, 2)
        assert not values[:, 7].any()
        assert len(values) > 300


def test_centre_subtracts_before_rounding():
    far = np.array([[[1e8, 0.0], [1e8 + 0.25, 1.0], [1e8 + 0.5, 3.0]]])
    expected = np.array([[[-0.25, -1.0], [0.0, 0.0], [0.25, 2.0]]], dtype=np.float32)
    np.testing.assert_array_equal(centre(far, history=2), expected)


def test_second_call_reads_the_cache(raw, built, monkeypatch):
    forbid_building(monkeypatch)
    assert_same(cached_windows("zara1", raw, built[0]), built[1])


def test_nothing_else_is_left_in_the_cache(built):
    assert {path.suffix for path in built[0].iterdir()} <= {".npz", ".lock"}


def test_key_depends_on_settings_content_and_versions(raw, tmp_path, monkeypatch):
    def key(scene="eth", folder=raw, history=8, future=12):
        return cache_key(scene, folder, history, future)

    other = Path(shutil.copytree(raw, tmp_path / "raw"))
    assert key(folder=other) == key()  # the place of the files does not matter
    with (other / "students003.txt").open("a") as file:
        file.write("5700.0\t900.0\t0.0\t0.0\n")
    keys = [key(), key("hotel"), key(history=7), key(future=11), key(folder=other)]
    monkeypatch.setattr(trajectory_windows, "trajdata_version", lambda: "0.0.0")
    keys.append(key())
    monkeypatch.undo()
    monkeypatch.setattr(trajectory_windows, "FORMAT_VERSION", -1)
    keys.append(key())
    assert len(set(keys)) == len(keys)


def halved(content):
    return content[: len(content) // 2]


def with_one_bit_flipped(content):
    place = len(content) // 3
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def of_another_key(content):
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    arrays["label"] = np.array(json.dumps({"key": "0" * 16}))
    other = io.BytesIO()
    np.savez(other, **arrays)
    return other.getvalue()


@pytest.mark.parametrize(
    "spoil",
    [halved, with_one_bit_flipped, of_another_key, lambda _: b"", lambda _: b"no archive"],
    ids=["halved", "one bit flipped", "other key", "emptied", "text"],
)
def test_damaged_result_is_rebuilt(spoil, raw, built, cache, monkeypatch):
    path = result_file(cache)
    path.write_bytes(spoil(path.read_bytes()))
    builds = count_builds(monkeypatch)
    for _ in range(2):
        assert_same(cached_windows("zara1", raw, cache), built[1])
        assert len(builds) == 1


def test_damage_is_logged(raw, cache, caplog):
    result_file(cache).write_bytes(b"no archive")
    cached_windows("zara1", raw, cache)
    assert "is damaged" in caplog.text
    assert "it is built anew" in caplog.text


def test_a_build_that_raises_leaves_no_result(raw, tmp_path, monkeypatch):
    def fail(*_args, **_windows):
        raise RuntimeError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", fail)
        with pytest.raises(RuntimeError, match="no space left"):
            cached_windows("zara1", raw, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".lock"] == []
    assert len(cached_windows("zara1", raw, tmp_path)["test"]) > 0


KILLED = """
    import sys, time
    from pathlib import Path
    import numpy as np
    from datamodules.trajectory_windows import cached_windows

    def half(file, **arrays):
        file.write(b"PK half a result")
        file.flush()
        Path(sys.argv[2], "reached").touch()
        time.sleep(600)

    np.savez = half
    cached_windows("zara1", Path(sys.argv[1]), Path(sys.argv[2]))
"""

RANK = """
    import sys
    from pathlib import Path
    import torch.distributed as dist
    from datamodules import trajectory_windows

    raw, cache, rank = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    meeting = (cache.parent / "meeting").as_uri()
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
    extract = trajectory_windows.extract_windows

    def counted(*arguments):
        (cache.parent / f"built-by-{rank}").touch()
        return extract(*arguments)

    trajectory_windows.extract_windows = counted
    dist.barrier()
    windows = trajectory_windows.cached_windows("zara1", raw, cache)
    print({part: (len(values), float(values.sum())) for part, values in windows.items()})
    dist.destroy_process_group()
"""


def started(program, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_build_is_cleared_away(raw, built, tmp_path):
    process = started(KILLED, raw, tmp_path)
    deadline = time.monotonic() + 60
    while not (tmp_path / "reached").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(tmp_path.glob(f"{BUILDING}*/*.npz"))
    assert not list(tmp_path.glob("*.npz"))
    assert_same(cached_windows("zara1", raw, tmp_path), built[1])
    assert not list(tmp_path.glob(f"{BUILDING}*"))


def test_two_ranks_with_a_cold_cache_build_once_and_agree(raw, built, tmp_path):
    """Ranks of one process group: a barrier inside trajdata must not wait for the other one."""
    cache = tmp_path / "cache"
    processes = [started(RANK, raw, cache, rank) for rank in range(2)]
    try:
        answers = [process.communicate(timeout=100) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], answers
    expected = {part: (len(values), float(values.sum())) for part, values in built[1].items()}
    assert [answer[0].strip() for answer in answers] == [str(expected)] * 2
    assert len(list(tmp_path.glob("built-by-*"))) == 1


@needs_real
@pytest.mark.slow
def test_two_ranks_with_a_cold_cache_on_real_data(built, tmp_path):
    test_two_ranks_with_a_cold_cache_build_once_and_agree(
        REAL, (None, cached_windows("zara1", REAL, tmp_path / "alone")), tmp_path
    )


def test_file_cut_at_a_line_end_says_so(raw, tmp_path):
    folder = Path(shutil.copytree(raw, tmp_path / "raw"))
    path = folder / "crowds_zara02.txt"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:200]))
    with pytest.raises(
        ValueError, match=r"crowds_zara02\.txt has \d+ frames.*from frame number 841"
    ):
        cached_windows("zara1", folder, tmp_path / "cache")


def test_windows_longer_than_any_track_say_so(raw, tmp_path):
    with pytest.raises(ValueError, match=r"history \+ future = 80 of them.*lower datamodule"):
        cached_windows("zara1", raw, tmp_path, history=40, future=40)


def test_missing_trajdata_says_how_to_install_it(raw, tmp_path, monkeypatch):
    def absent(name):
        raise trajectory_windows.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(trajectory_windows.importlib.metadata, "version", absent)
    with pytest.raises(ImportError, match=r'pip install -e "\.\[trajectory\]"'):
        cached_windows("zara1", raw, tmp_path)


def test_a_lock_held_for_too_long_says_so(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(trajectory_windows, "LOCK_TIMEOUT", 0.1)
    with (
        trajectory_windows.FileLock(tmp_path / "build.lock"),
        pytest.raises(TimeoutError, match=r"choose another datamodule\.cache_dir"),
    ):
        cached_windows("zara1", raw, tmp_path)
