"""The printed table: what was tested, and what holds in each part of the targets."""

import pytest
import torch

from softsym.metrics import symmetry_test
from softsym.metrics.symmetry_tests.verdict import percent, verdict_text


@pytest.fixture(scope="module")
def printed():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(300, 3, generator=generator)
    y = torch.cat([x.square().sum(1, keepdim=True), x * torch.tensor([1.0, 1.0, 3.0])], 1)
    return str(symmetry_test(x, y, ["O(3)", "SL(3)"], "T1", "T0+T1", tight=False))


def test_the_types_and_the_space_are_told(printed):
    assert "300 samples (T1 to T0 + T1 over R^3) in 300 clusters" in printed


def test_each_part_of_the_targets_has_its_bounds(printed):
    table = printed.split("By part of the targets, relative to its own spread:\n")[1].splitlines()
    assert table[0].split() == ["symmetry", "T0", "T1"]
    scalar, vector = table[2].split("0% to ")[1].split("  ")[0], table[2].split("  ")[-1]
    assert float(scalar.rstrip("%")) < 20
    assert float(vector.split("%")[0]) > 20
    assert table[3].split() == ["SL(3)", "?", "to", "?", "?", "to", "?"]


def test_a_bound_is_rounded_away_from_the_claim():
    assert percent(0.12345) == "12%"
    assert percent(0.12345, up=True) == "13%"
    assert percent(1.87e-7, up=True) == "0.01%"
    assert percent(float("inf")) == "?"


def test_bounds_that_contradict_each_other_decide_nothing():
    assert verdict_text(1e-9, 1e-9, 0.2, 0.03, 0.05, 0.05).startswith("undecided, at least 20%")
