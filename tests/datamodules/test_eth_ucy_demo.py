"""Simulated pedestrians, read by the code for real ones."""

import pytest
import torch

from softsym.datamodules.eth_ucy import SCENES, EthUcy
from softsym.datamodules.eth_ucy_demo import EthUcyDemo
from softsym.metrics.displacement import displacement_errors
from softsym.networks import ConstantVelocity

pytest.importorskip("trajdata")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One cache folder for all tests here."""
    return tmp_path_factory.mktemp("demo")


def demo(cache, scene="zara1", **settings):
    return EthUcyDemo(scene, str(cache), batch_size=64, **settings)


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_has_a_few_thousand_windows(scene, cache):
    data = demo(cache, scene)
    data.prepare_data()
    data.setup()
    sizes = {part: len(inputs) for part, (inputs, _) in data.splits.items()}
    assert 2000 < sizes["train"] < 6000
    assert sizes["val"] > 500
    assert sizes["test"] > 300


def test_it_is_what_eth_ucy_reads_from_the_written_files(cache):
    data = demo(cache)
    data.setup()
    (folder,) = cache.glob("simulated-*")
    real = EthUcy("zara1", str(folder), str(cache), batch_size=64)
    real.setup()
    for part, (inputs, targets) in data.splits.items():
        assert torch.equal(inputs, real.splits[part][0])
        assert torch.equal(targets, real.splits[part][1])


def test_other_people_with_another_simulation_seed_only(tmp_path):
    first, same, other = (
        demo(tmp_path, seed=seed, simulation_seed=people).load()["test"][0]
        for seed, people in ((0, 0), (1, 0), (0, 1))
    )
    assert torch.equal(first, same)
    assert not torch.equal(first[:100], other[:100])


def test_constant_velocity_is_good_but_not_perfect(cache):
    data = demo(cache)
    data.setup()
    inputs, targets = data.splits["test"]
    ade, fde = displacement_errors(ConstantVelocity(8, 12, 2)(inputs), targets, 2)
    assert 0.2 < ade.mean() < 0.6
    assert ade.mean() < fde.mean() < 1.5
