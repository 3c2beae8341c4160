"""The verdicts of each example name the right symmetry, on fewer samples than a reader gets."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

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


@pytest.fixture(scope="module")
def turned_digits():
    pytest.importorskip("sklearn", reason="scikit-learn, which has the digits, is not installed")
    return runpy.run_path(str(EXAMPLES / "turned_digits.py"))


def test_turned_digits(turned_digits):
    images, labels = turned_digits["digits"]()
    tested, strengths = turned_digits["main"](images[:150], labels[:150], epochs=1)
    assert list(tested) == list(strengths) == ["C(4)", "SO(2)"]


@pytest.mark.slow
def test_quarter_turns_of_digits_come_out_on_top(turned_digits):
    tested, strengths = turned_digits["main"](*turned_digits["digits"]())
    assert tested.explained["all"][0] > 0.8
    assert not tested["C(4)"].verdict.startswith(("broken", "no verdict"))
    assert tested["C(4)"].estimate <= tested["SO(2)"].estimate
    assert strengths["C(4)"] > 2 * strengths["SO(2)"]


def test_every_example_is_tested():
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert names == {*RIGHT, "existing_module", "turned_digits"}
