from __future__ import annotations

from reporting_samples import EMPTY, summary

from softsym.reporting.symmetry_figures import breaks_figure


def test_every_symmetry_has_an_interval_under_its_label():
    (ax,) = breaks_figure(summary()).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "O(2)@xy", "O(2)@yz", "O(2)@xz", "O(3)",
    ]  # fmt: skip
    assert list(ax.lines[0].get_xdata()) == [0.0, 0.019]
    assert ax.get_xlim()[0] == 0


def test_without_a_test_there_is_no_figure():
    assert breaks_figure(EMPTY) is None
