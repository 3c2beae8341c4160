"""Trajectories from the command line: pedestrians with neighbours, and simulated traffic."""

from __future__ import annotations

import pytest

SHORT = ("logger=none", "threads=1", "trainer.max_epochs=2", "adjust_epoch=1")
SMALL = ("channels=8", "hidden_layers=1")


@pytest.fixture
def recordings(tmp_path):
    """Folder of simulated recordings."""
    pytest.importorskip("trajdata", reason="the extra 'trajectory' is not installed")
    from softsym.datamodules.motion.simulated_pedestrians import (
        PedestrianSimulation,
        write_recordings,
    )

    folder = tmp_path / "raw"
    write_recordings(folder, PedestrianSimulation())
    return folder


def test_pedestrians_with_neighbours_end_in_metres_and_pictures(train, recordings):
    run = train(
        *("experiment=trajectories", "datamodule.env=eupeds_hotel", *SHORT, *SMALL),
        *(f"datamodule.data_dir={recordings}", "datamodule.neighbours=2", "datamodule.stride=5"),
        tiny=False,
    )
    assert run.returncode == 0, run.output
    names = ("ade", "fde", "miss_rate", "constant_velocity/ade", "fitted_velocity/fde")
    assert {f"test/{name}" for name in names} <= run.metrics.keys()
    assert 0 < run.metrics["test/constant_velocity/ade"] < 2
    for picture in ("tracks", "moved_scenes"):
        assert (run.folder / "figures" / f"{picture}.png").stat().st_size > 5000
    assert {row["name"] for row in run.strengths} == {"so2", "reflect_x", "reflect_y", "scaling"}


@pytest.mark.slow
def test_simulated_traffic_is_measured_in_metres(train, tmp_path):
    settings = ("experiment=paper/waymo_demo", "datamodule.records=4", *SHORT, *SMALL)
    run = train(*settings, f"paths.cache={tmp_path}", tiny=False)
    assert run.returncode == 0, run.output
    scaled = train(
        *settings,
        *(f"paths.cache={tmp_path}", "datamodule.normalisation=scale_aware"),
        f"run_dir={tmp_path / 'other'}",
        tiny=False,
    )
    assert scaled.returncode == 0, scaled.output
    # constant velocity needs no units: in metres it errs alike however the data are normalised
    key = "test/constant_velocity/ade"
    assert run.metrics[key] == pytest.approx(scaled.metrics[key], rel=1e-4)
    assert run.metrics["test/constant_velocity/mse"] == pytest.approx(
        scaled.metrics["test/constant_velocity/mse"], rel=1e-3
    )
