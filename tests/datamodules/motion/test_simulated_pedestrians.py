"""Simulated recordings: format, determinism, plausibility, symmetry."""

import numpy as np
import pytest

from softsym.datamodules.motion.pedestrian_files import RECORDINGS, read_recording
from softsym.datamodules.motion.simulated_pedestrians import (
    DT,
    LENGTHS,
    PedestrianSimulation,
    recording_text,
    write_recordings,
)


def steps_of(table):
    """Moves (n, 2) in metres between consecutive frames of the same pedestrian."""
    table = table[np.lexsort((table[:, 0], table[:, 1]))]
    same = np.diff(table[:, 1]) == 0
    return np.diff(table[:, 2:], axis=0)[same]


@pytest.fixture(scope="module")
def crowd():
    """Many people, for statistics."""
    return PedestrianSimulation(arrivals=1.0).recording("biwi_hotel")


def test_files_pass_the_check_of_the_real_ones(tmp_path):
    simulation = PedestrianSimulation(seed=3)
    write_recordings(tmp_path, simulation)
    tables = {name: read_recording(tmp_path / f"{name}.txt") for name in RECORDINGS}
    for name in RECORDINGS:
        np.testing.assert_allclose(tables[name], simulation.recording(name), atol=1e-6)


def test_same_seed_same_text_and_other_seed_other_text():
    text = recording_text(PedestrianSimulation(seed=1), "biwi_eth")
    assert text == recording_text(PedestrianSimulation(seed=1), "biwi_eth")
    assert text != recording_text(PedestrianSimulation(seed=2), "biwi_eth")
    assert PedestrianSimulation(seed=1).key != PedestrianSimulation(seed=2).key


def test_recordings_hold_different_people():
    simulation = PedestrianSimulation()
    first, second = (simulation.recording(name)[:20, 2:] for name in RECORDINGS[:2])
    assert not np.allclose(first, second)


def test_speeds_are_those_of_pedestrians(crowd):
    speeds = np.linalg.norm(steps_of(crowd), axis=1) / DT
    assert 0.05 < (speeds < 0.2).mean() < 0.2  # about a tenth stands
    walking = speeds[speeds >= 0.2]
    assert 1.1 < walking.mean() < 1.6
    assert 0.2 < walking.std() < 0.6
    assert speeds.max() < 5.0


def test_headings_are_uniform_and_turns_go_either_way(crowd):
    moves = steps_of(crowd)
    moves = moves[np.linalg.norm(moves, axis=1) > 0.2 * DT]
    units = moves / np.linalg.norm(moves, axis=1, keepdims=True)
    assert np.abs(units.mean(axis=0)).max() < 0.1
    assert np.abs(np.cov(units.T) - 0.5 * np.eye(2)).max() < 0.05
    turns = units[:-1, 0] * units[1:, 1] - units[:-1, 1] * units[1:, 0]
    assert abs(np.median(turns)) < 0.01


def test_right_files_are_left_alone_and_wrong_ones_are_rewritten(tmp_path):
    simulation = PedestrianSimulation()
    write_recordings(tmp_path, simulation)
    kept, damaged = tmp_path / "biwi_eth.txt", tmp_path / "students003.txt"
    before, whole = kept.stat().st_mtime_ns, damaged.read_bytes()
    damaged.write_bytes(whole[:100])
    (tmp_path / "biwi_hotel.txt").unlink()
    write_recordings(tmp_path, simulation)
    assert kept.stat().st_mtime_ns == before
    assert damaged.read_bytes() == whole
    assert (tmp_path / "biwi_hotel.txt").is_file()
    assert {path.suffix for path in tmp_path.iterdir()} == {".txt", ".lock"}


def test_recordings_reach_past_the_frame_that_parts_off_validation():
    pytest.importorskip("trajdata")
    from trajdata.dataset_specific.eth_ucy_peds.eupeds_dataset import TRAINVAL_FRAME_SPLITS

    assert set(LENGTHS) == set(TRAINVAL_FRAME_SPLITS)
    for name, split in TRAINVAL_FRAME_SPLITS.items():
        assert split + 100 < LENGTHS[name] < 2 * split


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"seed": -1}, "must not be negative"),
        ({"noise": -0.1}, "must not be negative"),
        ({"arrivals": 0.0}, r"arrivals must lie in \[0.02, 10\]"),
        ({"standing": 1.5}, r"standing in \[0, 1\]"),
    ],
)
def test_bad_settings(setting, message):
    with pytest.raises(ValueError, match=message):
        PedestrianSimulation(**setting)
