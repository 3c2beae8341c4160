from __future__ import annotations

import io

from reporting_samples import EMPTY, RESULTS, summary
from rich.console import Console

from softsym.reporting import SymmetryResult, render_report, show, symmetry_table


def printed(run, path="out/symmetry_report.html", **settings):
    console = Console(file=io.StringIO(), **{"width": 80} | settings)
    show(run, path, console)
    return console.file.getvalue()


def test_every_symmetry_is_in_the_table_strongest_first():
    table = symmetry_table(summary())
    assert table.row_count == 4
    names = [str(cell) for cell in table.columns[0].cells]
    assert names == ["xy", "yz", "xz", "o3"]
    text = printed(summary())
    assert all(r.name in text and r.group in text for r in RESULTS)


def test_fits_80_columns_without_colours_when_piped():
    run = summary(
        symmetries=(*RESULTS, SymmetryResult("so3_scale", "SO(3)*Scaling(3)", 1.2e-7, 123.4)),
        metrics={"test/ade": 1.0, "test/constant_velocity/ade": 2.0},
    )
    text = printed(run)
    assert "\x1b" not in text
    lines = text.splitlines()
    tables = [line for line in lines if not line.startswith(("O(2)@xy holds", "Report"))]
    assert max(len(line.rstrip()) for line in tables) <= 80
    assert "1.2e-7" in text
    assert "constant velocity" in text


def test_colours_in_a_terminal():
    assert "\x1b[32m" in printed(summary(), force_terminal=True, color_system="standard")


def test_long_path_stays_on_one_line():
    path = "/".join(["folder with a [bold]name"] * 12) + "/symmetry_report.html"
    assert f"Report: {path}\n" in printed(summary(), path)


def test_markup_in_names_is_shown_as_it_is():
    run = summary(symmetries=(SymmetryResult("[red]x", "[/]", 1.0, 1.0),))
    text = printed(run)
    assert "[red]x" in text
    assert "[/]" in text


def test_run_without_anything():
    text = printed(EMPTY)
    assert "No symmetry was measured." in text
    assert "Run interrupted" in text
    assert "Report: " in text


def test_what_regularizers_measure_is_said():
    said = "ProjectionRegularizer: 3 of 5 weight tensors, 62% of parameters; not bound: 2.weight."
    assert said in " ".join(printed(summary(bound=said)).split())
    assert said in render_report(summary(bound=said))
