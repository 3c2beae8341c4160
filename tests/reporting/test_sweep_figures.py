from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from run_folders import write_run, write_sweep

from softsym.reporting.configurations import gather
from softsym.reporting.overview import SWEEP_FIGURES
from softsym.reporting.sweep_figures import (
    LINES,
    ROWS,
    final_strengths,
    median,
    metric_by_key,
    strengths_by_key,
    strengths_over_epochs,
)
from softsym.runs.reading import Run, find_runs, read_run


def gathered(folder):
    return gather([read_run(path) for path in find_runs([folder])])


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    return gathered(write_sweep(tmp_path_factory.mktemp("grid"), seeds=2, rates=(1e-3, 3e-3)))


def test_strengths_have_a_panel_per_symmetry_and_a_line_per_run(grid):
    panels = strengths_over_epochs(grid).axes
    assert [ax.get_title(loc="left") for ax in panels] == [
        "xy: O(2)@xy",
        "yz: O(2)@yz",
        "xz: O(2)@xz",
    ]
    assert sum(len(line.get_xdata()) > 0 for line in panels[1].lines) == 12
    assert panels[0].get_yscale() == "log"
    assert panels[0].get_ylim() == panels[2].get_ylim()


def test_many_runs_are_sampled_and_have_a_median(grid):
    many = replace(grid, runs=grid.runs * 26)
    drawn = [line for line in strengths_over_epochs(many).axes[0].lines if len(line.get_xdata())]
    assert len(drawn) == LINES + 1


def test_median_is_over_those_that_have_come_so_far():
    short = (np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    long = (np.array([0.0, 4.0]), np.array([3.0, 9.0]))
    epochs, values = median([short, long], points=5)
    assert epochs.tolist() == [0, 1, 2, 3, 4]
    assert values.tolist() == [2, 2, 3, 3, 9]


def test_configurations_are_rows_with_the_best_on_top(grid):
    (ax,) = final_strengths(grid).axes
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels[0].startswith("#1, 10, 0.003")
    assert len(labels) == 6
    assert ax.yaxis_inverted()
    assert [len(line.get_xdata()) for line in ax.lines] == [12, 12, 12]


def test_rows_are_capped(tmp_path):
    for i in range(ROWS + 5):
        write_run(tmp_path / str(i), strength=1.0 + i)
    figure = final_strengths(gathered(tmp_path))
    assert len(figure.axes[0].get_yticklabels()) == ROWS
    assert figure.get_figheight() < 10


def test_the_metric_stands_against_every_numeric_key(grid):
    figure = metric_by_key(grid)
    assert [ax.get_xlabel() for ax in figure.axes] == ["initial_strength", "optimizer.lr"]
    assert figure.axes[0].get_ylabel() == "val/mse"
    dots, means, *_ = figure.axes[0].lines
    assert len(dots.get_xdata()) == 12
    assert means.get_xdata().tolist() == [1, 10, 100]
    expected = np.mean(
        [r.metrics["val/mse"] for r in grid.runs if r.value("initial_strength") == 1]
    )
    assert means.get_ydata()[0] == pytest.approx(expected)


def test_values_that_hardly_come_again_have_no_means(tmp_path):
    for i in range(6):
        write_run(tmp_path / str(i), strength=1.0 + min(i, 4), seed=i)
    sweep = gathered(tmp_path)
    (ax,) = metric_by_key(sweep).axes
    (dots,) = ax.lines
    low, high = ax.get_ylim()
    assert low < min(dots.get_ydata()) < max(dots.get_ydata()) < high
    by_key = strengths_by_key(sweep).axes[0]
    assert [line.get_linewidth() for line in by_key.lines if not len(line.get_xdata())] == [0] * 3


def test_strengths_stand_against_every_numeric_key(grid):
    figure = strengths_by_key(grid)
    assert len(figure.axes) == 2
    assert figure.axes[0].get_yscale() == figure.axes[0].get_xscale() == "log"
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == [
        "xy: O(2)@xy",
        "yz: O(2)@yz",
        "xz: O(2)@xz",
    ]


def test_nothing_is_drawn_of_nothing():
    sweep = gather([Run(Path("x"), config={"seed": 0}, status="unfinished")])
    assert [draw(sweep) for draw, *_ in SWEEP_FIGURES.values()] == [None] * 4


def test_values_that_no_logarithm_shows_are_left_out():
    bad = {name: (np.array([0.0]), np.array([v])) for name, v in (("a", 0.0), ("b", np.nan))}
    runs = [
        Run(
            Path(str(i)),
            config={"seed": 0, "lr": i, "monitor": "val/mse"},
            metrics={"val/mse": float(i), "strength/a": 0.0, "strength/b": np.nan},
            curves=bad,
        )
        for i in range(2)
    ]
    sweep = gather(runs)
    assert strengths_over_epochs(sweep) is final_strengths(sweep) is strengths_by_key(sweep) is None
    assert len(metric_by_key(sweep).axes[0].lines[0].get_xdata()) == 2
