"""Functions and settings shared by all synthetic tasks."""

import inspect
from pathlib import Path

import pytest
import torch
from hydra.utils import get_class
from omegaconf import OmegaConf

from softsym.cli import resolvers
from softsym.cli.resolvers import child_seed as child_of_the_run
from softsym.datamodules.synthetic import (
    child_seed,
    normal_inputs,
    reference_seed,
    symmetry_word,
)

CONF = Path(__file__).parents[2] / "conf" / "datamodule"
TASKS = ("inertia", "cosine_similarity", "se3_distance", "known_answer")


@pytest.mark.parametrize("name", TASKS)
def test_the_yaml_names_every_setting(name):
    resolvers.register()
    config = OmegaConf.load(CONF / f"{name}.yaml")
    signature = inspect.signature(get_class(config._target_))
    assert set(config) - {"_target_"} == set(signature.parameters) - {"eval_batch_size"}
    assert (config.samples, config.ood, config.shift) == (1000, "shift", 1.0)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (0.0, "exact"),
        (1e-7, "exact"),
        (1e-5, "approximate"),
        (0.29, "approximate"),
        (0.31, "broken"),
        (float("nan"), "broken"),
    ],
)
def test_words(error, word):
    assert symmetry_word(error) == word


def test_child_seeds_differ_by_purpose_and_parent():
    seeds = [child_seed(1, "ood"), child_seed(1, "inputs"), child_seed(2, "ood")]
    assert len(set(seeds)) == 3
    assert child_seed(1, "ood") == child_of_the_run(1, "ood")


def test_the_reference_seed_is_the_default():
    assert reference_seed(32, 3, 9) == 44
    assert torch.equal(normal_inputs(32, 3, 9, None), normal_inputs(32, 3, 9, 44))
    assert not torch.equal(normal_inputs(32, 3, 9, None), normal_inputs(32, 3, 9, 43))
