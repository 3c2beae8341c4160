"""The power study: its rival keeps its level, and its table and figure say what was counted."""

import pytest
import torch

from benchmarks import symmetry_power
from benchmarks.symmetry_study.figures import power_figure
from benchmarks.symmetry_study.randomisation import randomisation_p
from benchmarks.symmetry_study.shares import Share
from softsym.symmetries import group, rep

TYPES = rep("T1"), rep("T0")


@pytest.mark.parametrize(("broken", "found"), [(0.0, range(4)), (2.0, range(15, 21))])
def test_the_randomisation_test_finds_breaks_and_keeps_its_level(broken, found):
    G, small = group("SO(3)"), 0
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        x = torch.randn(200, 3, generator=generator).double()
        noise = torch.randn(200, 1, generator=generator).double()
        y = x.square().sum(1, keepdim=True) + broken * x[:, 2:] + 0.5 * noise
        small += randomisation_p(x, y, G, TYPES, generator) < 0.05
    assert small in found


def test_the_table_counts_both_tests():
    runs = [{"result": [0.01, 0.5]}, {"result": [0.2, 0.03]}, {"result": [0.04, 0.6]}]
    _, _, row = symmetry_power.table({"SO(3), n = 300, dial 0.4": runs})
    # dial 0.4 of a target whose variance is 1 + 0.4^2 + 0.5^2
    assert row.startswith("| SO(3) | 300 | 0.337 | 3 | 0.667 (")
    assert "| 0.333 (" in row


def test_the_figure_has_a_panel_for_each_group_and_test():
    shares = {"one": Share(3, 4), "other": Share(1, 4)}
    curves = {(G, n): [(0.0, shares), (0.5, shares)] for G in ("A", "B") for n in (10, 20)}
    figure = power_figure(curves, ("one", "other"), 0.05)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == ["A, one", "A, other", "B, one", "B, other"]
