from __future__ import annotations

import matplotlib
from matplotlib.figure import Figure
from reporting_samples import summary

from softsym.reporting import StrengthRow, all_figures
from softsym.reporting.palette import line_styles, log_axis, plain, symmetry_names


def test_a_symmetry_has_one_colour_in_every_figure():
    run = summary()
    colors = {name: style["color"] for name, style in line_styles(run).items()}
    assert len(set(colors.values())) == 4
    figures = all_figures(run)
    for key in ("strengths", "penalties"):
        drawn = {line.get_label(): line.get_color() for line in figures[key].axes[0].lines}
        assert drawn["O(2)@yz"] == colors["yz"]


def test_symmetries_known_from_the_history_alone_have_a_colour():
    run = summary(symmetries=(), history=(StrengthRow(0, "new", 1.0, 1.0),))
    assert symmetry_names(run) == ["new"]
    assert line_styles(run)["new"]["label"] == "new"


def test_more_symmetries_than_colours():
    rows = tuple(StrengthRow(0, f"g{i}", 1.0, 1.0) for i in range(20))
    assert len(line_styles(summary(history=rows, symmetries=()))) == 20


def test_global_style_is_left_alone():
    before = dict(matplotlib.rcParams)
    all_figures(summary())
    assert dict(matplotlib.rcParams) == before


def test_plain_text():
    assert plain("_x$y$") == r" _x\$y\$"


def test_log_axis_of_one_value_and_of_many_decades():
    for values in ([1.0, 1.0], [1e-12, 1e6]):
        ax = Figure().add_subplot()
        log_axis(ax, values)
        low, high = ax.get_ylim()
        assert low < values[0]
        assert values[1] < high
        assert sum(low <= tick <= high for tick in ax.get_yticks()) >= 1
