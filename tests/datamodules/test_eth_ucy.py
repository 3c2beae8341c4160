"""The ETH/UCY datamodule: tensors, errors, and the known numbers of the baseline."""

from pathlib import Path

import pytest
import torch

from softsym.datamodules.eth_ucy import SCENES, EthUcy
from softsym.datamodules.motion.simulated_pedestrians import PedestrianSimulation, write_recordings
from softsym.metrics.displacement import displacement_errors
from softsym.networks import ConstantVelocity

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "eth_ucy"
needs_real = pytest.mark.skipif(
    not REAL.is_dir(), reason="needs the real ETH/UCY files in ../shared/data/eth_ucy"
)

CONSTANT_VELOCITY = {
    "eth": (1.075, 2.282),
    "hotel": (0.319, 0.614),
    "univ": (0.524, 1.165),
    "zara1": (0.427, 0.952),
    "zara2": (0.324, 0.724),
}
STANDING_STILL = {
    "eth": (2.272, 3.905),
    "hotel": (1.128, 2.046),
    "univ": (1.359, 2.474),
    "zara1": (2.497, 4.594),
    "zara2": (1.376, 2.529),
}


def datamodule(tmp_path, data_dir, scene="zara1", **settings):
    directory = None if data_dir is None else str(data_dir)
    return EthUcy(scene, directory, str(tmp_path / "cache"), batch_size=64, **settings)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Folder of simulated recordings."""
    folder = tmp_path_factory.mktemp("raw")
    write_recordings(folder, PedestrianSimulation())
    return folder


def test_setup_gives_checked_splits(raw, tmp_path):
    pytest.importorskip("trajdata")
    data = datamodule(tmp_path, raw)
    data.prepare_data()
    assert not data.splits
    data.setup("fit")
    for inputs, targets in data.splits.values():
        assert inputs.dtype == targets.dtype == torch.float32
        assert inputs.shape[1:] == (data.rep_in.size(2),) == (16,)
        assert targets.shape[1:] == (data.rep_out.size(2),) == (24,)
        assert inputs.is_contiguous()
        assert targets.is_contiguous()
        assert not inputs[:, -2:].any()
    inputs, _ = next(iter(data.train_dataloader()))
    assert inputs.shape == (64, 16)


def test_other_lengths(raw, tmp_path):
    pytest.importorskip("trajdata")
    data = datamodule(tmp_path, raw, history=3, future=5, rep_in="3T1", rep_out="5T1")
    data.setup()
    inputs, targets = data.splits["test"]
    assert (inputs.shape[1], targets.shape[1]) == (6, 10)


def test_lengths_that_disagree_with_the_types(raw, tmp_path):
    pytest.importorskip("trajdata")
    with pytest.raises(ValueError, match=r"Change datamodule\.rep_in so that its size is 6"):
        datamodule(tmp_path, raw, history=3).setup()


def check_baseline(scene, tmp_path):
    data = datamodule(tmp_path, REAL, scene)
    data.setup()
    inputs, targets = data.splits["test"]
    walking = displacement_errors(ConstantVelocity(8, 12, 2)(inputs), targets, 2)
    standing = displacement_errors(torch.zeros_like(targets), targets, 2)
    assert [float(error.mean()) for error in walking] == pytest.approx(
        CONSTANT_VELOCITY[scene], abs=6e-4
    )
    assert [float(error.mean()) for error in standing] == pytest.approx(
        STANDING_STILL[scene], abs=6e-4
    )


@needs_real
@pytest.mark.parametrize("scene", SCENES)
def test_known_baselines_of_the_real_scenes(scene, tmp_path):
    pytest.importorskip("trajdata")
    check_baseline(scene, tmp_path)


def test_without_data_dir_says_where_to_get_the_files(tmp_path):
    data = datamodule(tmp_path, None)
    for action in (data.prepare_data, data.load):
        with pytest.raises(ValueError, match=r"datamodule\.data_dir is not set") as raised:
            action()
        for hint in ("Social GAN", "crowds_zara01.txt", "tabs", "experiment=eth_ucy_demo"):
            assert hint in str(raised.value)


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere' does not exist.*The eight files"):
        datamodule(tmp_path, tmp_path / "nowhere").prepare_data()


def test_damaged_file_is_named_before_anything_is_built(raw, tmp_path):
    pytest.importorskip("trajdata")
    for path in raw.glob("*.txt"):
        (tmp_path / path.name).write_text(path.read_text())
    with (tmp_path / "biwi_hotel.txt").open("a") as file:
        file.write("far\taway\t0\t0\n")
    with pytest.raises(ValueError, match=r"biwi_hotel\.txt, line \d+ has 'far' in column 'frame'"):
        datamodule(tmp_path, tmp_path).prepare_data()


def test_unknown_scene(tmp_path):
    with pytest.raises(ValueError, match="scene must be one of eth, hotel, univ"):
        datamodule(tmp_path, None, scene="zara3")


@pytest.mark.parametrize("setting", [{"history": 0}, {"future": 0}])
def test_too_few_frames(setting, tmp_path):
    with pytest.raises(ValueError, match="must be a whole number of at least 1"):
        datamodule(tmp_path, None, **setting)
