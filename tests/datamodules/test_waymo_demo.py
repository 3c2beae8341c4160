"""The demo: simulated traffic, read by the code for the real dataset."""

import numpy as np
import pytest
import torch

from softsym.datamodules.waymo_demo import WaymoDemo


def demo(tmp_path, **settings):
    return WaymoDemo(str(tmp_path), 16, records=2, **settings)


def test_demo_needs_no_files(tmp_path):
    data = demo(tmp_path)
    data.prepare_data()
    data.setup()
    assert all(len(inputs) > 20 for inputs, _ in data.splits.values())
    assert data.target_scale.shape == (18,)
    inputs, _ = next(iter(data.train_dataloader()))
    assert inputs.shape == (16, 18)


def test_second_demo_reads_the_first_ones_files(tmp_path):
    first, second, other = demo(tmp_path), demo(tmp_path), demo(tmp_path, simulation_seed=1)
    for data in (first, second, other):
        data.setup()
    assert torch.equal(first.splits["val"][0], second.splits["val"][0])
    assert not torch.equal(first.splits["val"][0][:9], other.splits["val"][0][:9])
    assert len(list(tmp_path.glob("simulated-*"))) == 2


def test_turned_traffic_looks_like_traffic_but_tilted_traffic_does_not(tmp_path):
    data = demo(tmp_path)
    data.setup()
    x, y, z = data.splits["train"][0].unflatten(1, (6, 3)).std((0, 1)).numpy()
    assert np.abs(x / y - 1) < 0.3
    assert z < 0.3 * min(x, y)


def test_settings_are_checked(tmp_path):
    with pytest.raises(
        ValueError, match=r"datamodule\.slope must be a finite number of at least 0"
    ):
        demo(tmp_path, slope=-1.0)
    with pytest.raises(ValueError, match=r"datamodule\.normalisation must be one of"):
        demo(tmp_path, normalisation="none")
