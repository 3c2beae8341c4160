from __future__ import annotations

from pathlib import Path

from softsym.reporting.configurations import gather
from softsym.reporting.palette import SERIES
from softsym.reporting.run_colors import run_colors
from softsym.runs.reading import Run


def sweep_of(**columns):
    rows = zip(*columns.values(), strict=True)
    runs = [
        Run(Path(str(i)), config=dict(zip(columns, r, strict=True))) for i, r in enumerate(rows)
    ]
    return gather(runs)


def test_one_configuration_has_one_colour_and_no_legend():
    colors = run_colors(sweep_of(seed=range(3)))
    assert set(colors.runs) == {SERIES[0]}
    assert colors.legend == ()


def test_few_configurations_have_a_colour_each_in_their_own_order():
    colors = run_colors(sweep_of(lr=(3, 1, 3)))
    assert colors.legend == (("lr=3", SERIES[0]), ("lr=1", SERIES[1]))
    assert colors.runs[2] == SERIES[0]


def test_many_go_by_the_first_key_that_has_few_values():
    colors = run_colors(sweep_of(lr=range(20), net=["a", "b"] * 10))
    assert colors.meaning == "net"
    assert len(colors.legend) == 2


def test_else_a_number_has_a_scale():
    colors = run_colors(sweep_of(lr=[10.0**i for i in range(-3, 8)]))
    assert [label for label, _ in colors.legend] == ["lr=0.001", "lr=100", "lr=1e7"]
    assert len(set(colors.runs)) == 11
    assert colors.runs[0] == SERIES[0]


def test_a_scale_has_room_for_what_is_missing():
    colors = run_colors(sweep_of(lr=[None, *range(11)]))
    assert colors.runs[0] not in colors.runs[1:]


def test_many_names_have_one_colour():
    colors = run_colors(sweep_of(net=[f"n{i}" for i in range(20)]))
    assert (len(set(colors.runs)), colors.legend) == (1, ())
