"""Groups that only a constant network keeps."""

import pytest
from hydra import compose, initialize_config_dir

from benchmarks.grid.expressive import is_constant
from benchmarks.grid.plan import recipes
from softsym.cli import resolvers
from softsym.cli.overrides import CONF


@pytest.fixture(scope="module")
def composed():
    def make(task, *overrides):
        resolvers.register()
        with initialize_config_dir(str(CONF), version_base="1.3"):
            small = ["channels=27", "datamodule.samples=64", "paths.output=none"]
            return compose("train", [f"experiment=paper/{task}/per", *small, *overrides])

    return make


@pytest.mark.parametrize(
    ("task", "group", "constant"),
    [
        ("cosine_similarity", "Scaling(3)", True),
        ("cosine_similarity", "SO(3)*Scaling(3)", True),
        ("cosine_similarity", "SO(3)", False),
        ("inertia", "O(2)@xy", False),
        ("inertia", "O(3)", False),
    ],
)
def test_scalars_of_vectors_without_a_scale(composed, task, group, constant):
    assert is_constant(group, composed(task)) is constant


def test_rigid_motions_of_few_channels_are_constant_but_rotations_are_not(composed):
    config = composed("se3_distance", "channels=48")
    assert is_constant("SE(3)", config)
    assert not is_constant("Rotation(3)", config)


def test_recipes_name_what_weights_cannot_show():
    small = ["datamodule.samples=64", "channels=27"]
    found = {r.task: r for r in recipes(["cosine_scale", "cosine_so3"], ["per"], 1.0, small)}
    assert found["cosine_scale"].constant == ("Scaling(3)",)
    assert found["cosine_so3"].constant == ("Scaling(3)",)  # whether data keep it or not
