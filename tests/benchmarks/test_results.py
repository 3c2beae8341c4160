"""Metrics of runs, and their sums over seeds."""

import csv
import io
import math

from benchmarks.grid.results import PENALTY, as_csv, read, summed_up


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


ROWS = """epoch,name,strength,penalty
0,xy,10,3
0,yz,10,5
0,o3,0,6
1,xy,10,1
1,yz,10,4
1,o3,0,6
2,xy,10,0.5
2,yz,0.1,7
2,o3,0,6
"""


def test_penalties_before_the_adjustment(make_run):
    run = make_run(metrics={"test/mse": 1.0})
    strengths = run.folder / "strengths.csv"
    strengths.write_text(ROWS)
    (result,) = read([run])
    kept = {k: v for k, v in result.metrics.items() if k.startswith(PENALTY)}
    assert kept == {f"{PENALTY}xy": 1.0, f"{PENALTY}yz": 4.0}


def test_growth_is_no_adjustment(make_run):
    run = make_run(metrics={"test/mse": 1.0})
    grown = ROWS.replace("1,xy,10,", "1,xy,30,").replace("1,yz,10,", "1,yz,30.000000000001,")
    (run.folder / "strengths.csv").write_text(grown)
    (result,) = read([run])
    assert result.metrics[f"{PENALTY}yz"] == 4.0


def test_no_such_penalties_where_strengths_never_changed(make_run):
    run = make_run(metrics={"test/mse": 1.0})
    (run.folder / "strengths.csv").write_text("\n".join(ROWS.splitlines()[:7]))
    (result,) = read([run])
    assert not any(k.startswith(PENALTY) for k in result.metrics)
