from __future__ import annotations

import pytest
from run_folders import write_run, write_sweep

from softsym.reporting.configurations import gather
from softsym.reporting.sweep_tables import configuration_table, run_table
from softsym.runs.reading import find_runs, read_run


@pytest.fixture
def sweep(tmp_path):
    write_sweep(tmp_path / "runs", seeds=2)
    write_run(tmp_path / "runs" / "a #9", strength=10.0, seed=7, status="unfinished")
    return gather([read_run(path) for path in find_runs([tmp_path])])


def column(table, key):
    place = [c.key for c in table.columns].index(key)
    return [row[place] for row in table.rows]


def test_runs_come_best_configuration_first_with_links(sweep, tmp_path):
    table = run_table(sweep, tmp_path / "pages" / "overview.html")
    runs = column(table, "run")
    assert [cell.text for cell in runs[:3]] == ["../runs/2", "../runs/3", "../runs/a #9"]
    assert runs[0].link == "../runs/2/symmetry_report.html"
    assert runs[2].link == ""
    assert [cell.text for cell in column(table, "status")][:3] == ["finished"] * 2 + ["unfinished"]
    assert column(table, "val/mse")[2].value == ""
    assert [cell.text for cell in column(table, "seconds")][:2] == ["8.5 s", "9.5 s"]


def test_cells_sort_by_exact_values(sweep, tmp_path):
    cell = column(run_table(sweep, tmp_path / "overview.html"), "test/mse")[0]
    assert cell.value == repr(sweep.configurations[0].runs[0].metrics["test/mse"])
    assert len(cell.text) < len(cell.value)


def test_links_are_quoted(tmp_path):
    write_run(tmp_path / "a #9%")
    sweep = gather([read_run(path) for path in find_runs([tmp_path])])
    (cell,) = column(run_table(sweep, tmp_path / "overview.html"), "run")
    assert cell.link == "a%20%239%25/symmetry_report.html"


def test_columns_stand_in_groups(sweep, tmp_path):
    table = run_table(sweep, tmp_path / "overview.html")
    assert table.groups == [
        *(("", 1), ("configuration", 2), ("", 2), ("validation", 1), ("test", 1)),
        *(
            ("out of distribution", 1),
            ("strength", 4),
            ("equivariance error (test, of the spread)", 4),
            ("test mse if moved", 4),
            ("run", 1),
        ),
    ]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_configurations_have_means_and_numbers(sweep):
    table = configuration_table(sweep)
    assert column(table, "initial_strength")[0].text == "10"
    assert [cell.text for cell in column(table, "n")] == ["2", "2", "2"]
    assert " ± " in column(table, "val/mse")[0].text
    assert float(column(table, "val/mse")[0].value) == sweep.configurations[0].score.mean


def test_a_diverged_run_sorts_as_missing(tmp_path):
    folder = write_run(tmp_path / "run")
    (folder / "metrics.json").write_text('{"val/mse": NaN}')
    sweep = gather([read_run(folder)])
    (cell,) = column(run_table(sweep, tmp_path / "overview.html"), "val/mse")
    assert (cell.text, cell.value) == ("nan", "")


def test_a_repeated_run_is_marked(tmp_path):
    for name, ended in (("a", "2026-01-02"), ("b", "2026-01-01")):
        write_run(tmp_path / name, ended=ended)
    sweep = gather([read_run(path) for path in find_runs([tmp_path])])
    table = run_table(sweep, tmp_path / "overview.html")
    assert [c.text for c in column(table, "status")] == ["finished", "finished, repeated"]
