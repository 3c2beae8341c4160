"""Windows of the benchmark on real pedestrians: who walks, and who is who."""

import numpy as np
import pytest

from benchmarks import pedestrian_symmetries
from benchmarks.pedestrian_symmetries import walkers, windows
from softsym.datamodules.motion.pedestrian_files import RECORDINGS


@pytest.fixture
def folder(tmp_path):
    """Recordings of pedestrian 1, who walks on straight for 22 frames, and 2, who stands."""
    frames = np.arange(22)
    walk = np.stack([10 * frames, np.full(22, 1), 0.5 * frames, 2 - 0.25 * frames], 1)
    stand = np.stack([10 * frames, np.full(22, 2), np.full(22, 3.0), np.full(22, 4.0)], 1)
    for name in RECORDINGS:
        np.savetxt(tmp_path / f"{name}.txt", np.concatenate([walk, stand]), delimiter="\t")
    return tmp_path


def test_windows_never_mix_pedestrians(folder):
    paths, person = windows(folder / f"{RECORDINGS[0]}.txt")
    assert paths.shape == (6, 20, 2)
    assert person.tolist() == [1, 1, 1, 2, 2, 2]
    assert np.ptp(paths[3:], axis=1).max() == 0


def test_walkers_on_straight_paths_have_nothing_left_to_predict(folder):
    x, y, person = walkers(folder)
    assert x.shape == (3 * len(RECORDINGS), 14)
    np.testing.assert_allclose(x.reshape(-1, 7, 2)[:, -1], [[-0.5, 0.25]] * len(x))
    np.testing.assert_allclose(y, np.zeros((len(x), 24)), atol=1e-9)
    assert np.unique(person, return_counts=True)[1].tolist() == [3] * len(RECORDINGS)


def test_the_table_has_a_row_for_each_group(folder, monkeypatch, capsys):
    def noisy(folder):
        draw = np.random.default_rng(0)
        x = draw.normal(size=(60, 14))
        return x, x @ draw.normal(size=(14, 24)), np.arange(60) // 2

    monkeypatch.setattr(pedestrian_symmetries, "walkers", noisy)
    pedestrian_symmetries.main(["--data-dir", str(folder), "--samples", "50"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:6]] == [
        f"| `{name}` ({what})" for name, what in pedestrian_symmetries.GROUPS.items()
    ]
    assert lines[-1].startswith("Seed 0: 50 windows of ")
