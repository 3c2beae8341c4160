from __future__ import annotations

import re

from matplotlib.figure import Figure
from reporting_samples import summary

from softsym.reporting import all_figures
from softsym.reporting.svg import inline_svg


def test_ids_differ_between_figures_and_references_follow():
    figures = all_figures(summary())
    drawn = {key: inline_svg(figure, key, key) for key, figure in figures.items()}
    ids = {key: set(re.findall(r'\bid="([^"]+)"', svg)) for key, svg in drawn.items()}
    assert len(set.union(*ids.values())) == sum(len(each) for each in ids.values())
    for key, svg in drawn.items():
        used = set(re.findall(r'(?:url\(|href=")#([^")]+)', svg))
        assert used
        assert used <= ids[key]


def test_colours_follow_the_page_and_background_shows_through():
    svg = inline_svg(all_figures(summary())["strengths"], "s", "Strengths")
    assert "var(--series-0, #0072b2)" in svg
    assert "var(--ink, #1f2430)" in svg
    assert "#ffffff" not in svg
    assert svg.startswith("<svg")
    assert 'aria-label="Strengths"' in svg
    assert "xmlns" not in svg
    assert "<style" not in svg


def test_same_figure_gives_same_text():
    first, second = (inline_svg(all_figures(summary())["penalties"], "p", "P") for _ in range(2))
    assert first == second


def test_text_is_escaped_and_strange_letters_pass():
    figure = Figure()
    figure.text(0, 0, "--><script>alert(1)</script> 対称")
    svg = inline_svg(figure, "x", 'a"b')
    assert "<script" not in svg
    assert "対称" in svg
    assert 'aria-label="a&quot;b"' in svg
