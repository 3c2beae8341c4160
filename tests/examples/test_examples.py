"""The verdicts of each example name the right symmetry, on fewer samples than a reader gets."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "examples"
RIGHT = {
    "particle_transformer": "xy",
    "message_passing": "xy",
    "trajectory_lstm": "SO(2)",
    "plain_loop": "xy",
}
"""Example -> the symmetry of its data."""

pytestmark = pytest.mark.filterwarnings("ignore")


def main_of(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"]


def test_existing_module():
    tested, strengths = main_of("existing_module")(count=600, epochs=32)
    assert strengths.keys() == tested.keys()
    assert min(tested, key=lambda name: tested[name].estimate) == "xy"


@pytest.mark.parametrize("name", RIGHT)
def test_examples_run(name):
    tested = main_of(name)(count=100, epochs=1)
    assert RIGHT[name] in tested
    assert len(tested) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_the_right_symmetry_comes_out_on_top(name):
    tested = main_of(name)()
    right = tested[RIGHT[name]]
    assert not right.verdict.startswith(("broken", "no verdict"))
    assert all(right.estimate < v.estimate for n, v in tested.items() if n != RIGHT[name])


def glyphs(count, seed=0):
    """Ten smooth patterns of 8 x 8 with noise: digits for those who have no scikit-learn."""
    draw = torch.Generator().manual_seed(seed)
    rough = torch.rand(10, 1, 4, 4, generator=draw)
    patterns = torch.nn.functional.interpolate(rough, size=8, mode="bilinear")[:, 0]
    labels = torch.randint(10, (count,), generator=draw)
    return patterns[labels] + 0.1 * torch.randn(count, 8, 8, generator=draw), labels


def test_turned_digits():
    tested = main_of("turned_digits")(*glyphs(150), epochs=1)
    assert list(tested) == ["C(4)", "SO(2)"]


@pytest.mark.slow
def test_quarter_turns_of_digits_come_out_on_top():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    module = runpy.run_path(str(EXAMPLES / "turned_digits.py"))
    tested = module["main"](*module["digits"]())
    assert not tested["C(4)"].verdict.startswith(("broken", "no verdict"))
    assert tested["C(4)"].estimate < tested["SO(2)"].estimate


def test_every_example_is_tested():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {*RIGHT, "existing_module", "turned_digits"}
