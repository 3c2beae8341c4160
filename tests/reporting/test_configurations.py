from __future__ import annotations

from pathlib import Path

import pytest

from softsym.reporting.configurations import Spread, gather, spread
from softsym.runs.reading import Run


def run(strength, seed, loss, status="finished", **record):
    return Run(
        Path(f"{strength}-{seed}-{loss}"),
        status=status,
        config={"strength": strength, "seed": seed, "monitor": "val/mse"},
        metrics={} if loss is None else {"val/mse": loss, "test/mse": -loss},
        record=record,
    )


def test_configurations_are_ranked_by_their_means():
    sweep = gather([run(s, seed, s + 0.1 * seed) for s in (3, 1, 2) for seed in (0, 1, 2)])
    assert [c.label for c in sweep.configurations] == ["strength=1", "strength=2", "strength=3"]
    assert [c.rank for c in sweep.configurations] == [1, 2, 3]
    first = sweep.configurations[0]
    assert first.score.mean == pytest.approx(1.1)
    assert first.score.deviation == pytest.approx(0.1)
    assert (first.score.count, first.seeds) == (3, 3)
    assert sweep.best.folder == Path("1-0-1.0")


def test_another_metric_may_decide():
    sweep = gather([run(s, 0, s) for s in (1, 2)], metric="test/mse")
    assert sweep.best.config["strength"] == 2


@pytest.mark.parametrize("metric", ["", "test/accuracy", "test/mse"])
def test_what_is_better_when_high_ranks_from_the_highest(metric):
    runs = [
        Run(
            Path(str(value)),
            config={"seed": 0, "size": value, "monitor": "val/accuracy", "monitor_mode": "max"},
            metrics={"val/accuracy": value, "test/accuracy": value, "test/mse": value},
        )
        for value in (0.5, 0.9, 0.7)
    ]
    sweep = gather([*runs, Run(Path("none"), config={"seed": 0, "size": 2})], metric=metric)
    means = [configuration.score.mean for configuration in sweep.configurations]
    best = [0.5, 0.7, 0.9] if metric == "test/mse" else [0.9, 0.7, 0.5]
    assert means == [*best, None]
    assert sweep.best.folder == Path(str(best[0]))


def test_a_run_knows_which_of_its_metrics_are_better_when_high():
    record = {"monitor": "val/mse", "higher_is_better": ["r2"]}
    sweep = gather(
        [
            Run(Path(str(r2)), config={"seed": r2}, record=record, metrics={"test/r2": r2})
            for r2 in (1, 2)
        ],
        metric="test/r2",
    )
    assert sweep.best.folder == Path("2")


def test_only_finished_runs_count():
    runs = [run(1, 0, 0.5), run(1, 1, 0.1, "interrupted"), run(1, 2, 0.1, "pruned")]
    sweep = gather([*runs, run(1, 3, None, "unfinished")])
    (configuration,) = sweep.configurations
    assert (len(configuration.runs), len(configuration.counted)) == (4, 1)
    assert configuration.score.deviation is None
    assert sweep.best is runs[0]
    assert sweep.status == {"finished": 1, "interrupted": 1, "pruned": 1, "unfinished": 1}


def test_of_runs_with_one_seed_the_newest_counts():
    old, new = run(1, 0, 0.1, ended="2026-01-01"), run(1, 0, 0.3, ended="2026-01-02")
    sweep = gather([new, old, run(1, 1, 0.5)])
    assert sweep.repeats == 1
    assert sweep.configurations[0].score.mean == pytest.approx(0.4)
    assert gather([new, run(2, 0, 0.1)], by=["seed"]).repeats == 0


def test_a_diverged_run_is_said_to_be_missing():
    sweep = gather([run(1, 0, 0.2), run(1, 1, float("nan")), run(2, 0, float("inf"))])
    first, last = sweep.configurations
    assert str(first.score) == "0.2 (1 of 2)"
    assert str(last.score) == "-"
    assert sweep.best.seed == 0


def test_without_a_finished_run_there_is_no_best():
    sweep = gather([run(1, 0, None, "unfinished")])
    assert sweep.best is None
    assert sweep.metric == "val/mse"


def test_an_unknown_metric_is_answered_with_those_there_are():
    with pytest.raises(
        ValueError, match=r"No run has the metric 'test/ade'\. They have: val/mse, te"
    ):
        gather([run(1, 0, 0.1)], metric="test/ade")


def test_runs_that_monitored_different_metrics_are_warned_of():
    other = Run(Path("o"), config={"strength": 3, "seed": 0, "monitor": "val/ade"})
    sweep = gather([run(1, 0, 0.1), run(1, 1, 0.1), other], warnings=["first"])
    assert sweep.metric == "val/mse"
    assert sweep.warnings[0] == "first"
    assert "monitored different metrics (val/ade, val/mse)" in sweep.warnings[1]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.5,), "0.5"),
        ((0.2, 0.212), "0.2060 ± 0.0085"),
        ((100.0, 130.0), "115 ± 21"),
        ((1.0, 1.0), "1 ± 0"),
        ((1e6, 3e6), "2e6 ± 1.41e6"),
    ],
)
def test_spreads_are_written_to_their_own_place(values, text):
    assert str(spread([run(1, i, v) for i, v in enumerate(values)], "val/mse")) == text
    assert str(Spread(None, None, 0)) == "-"
