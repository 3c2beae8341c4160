"""Metrics of runs, and their sums over seeds."""

import csv
import io
import math

from benchmarks.grid.results import as_csv, read, summed_up


def test_status_of_each_run(two_seeds):
    assert [r.status for r in read(two_seeds)] == ["done", "done", "failed", "missing"]


def test_one_row_a_run(two_seeds):
    rows = list(csv.DictReader(io.StringIO(as_csv(read(two_seeds)))))
    assert [(r["model"], r["seed"], r["status"]) for r in rows] == [
        ("per", "0", "done"),
        ("per", "1", "done"),
        ("per", "2", "failed"),
        ("mlp", "0", "missing"),
    ]
    assert [r["test/mse"] for r in rows] == ["1.0", "3.0", "", ""]
    assert rows[1]["strength/yz"] == "4.0"


def test_mean_and_deviation_over_the_seeds_that_are_done(two_seeds):
    per, mlp = summed_up(read(two_seeds))
    assert (per.seeds, per.failed) == ((0, 1), (2,))
    assert per.mean("test/mse") == 2.0
    assert per.spread("test/mse") == math.sqrt(2.0)
    assert math.isnan(mlp.mean("test/mse"))
    assert math.isnan(per.spread("nothing"))


def test_strengths_of_those_that_took_part(two_seeds):
    per, mlp = summed_up(read(two_seeds))
    assert per.strengths() == {"xy": (100.0, 2.0), "yz": (1.0, 4.0)}
    assert mlp.strengths() == {}
