from __future__ import annotations

from reporting_samples import EMPTY, summary

from softsym.reporting.summary import scores


def test_model_stands_beside_the_baselines():
    metrics = {"test/ade": 1.0, "test/constant_velocity/ade": 2.0, "epoch": 3.0}
    metrics |= {"test/equivariance_error/xy": 0.5}
    table = scores(summary(metrics=metrics))
    assert table.columns == ("model", "constant_velocity")
    assert table.rows == (
        *(("test/ade", (1.0, 2.0)), ("test/equivariance_error/xy", (0.5, None))),
        ("epoch", (3.0, None)),
    )
    alone = scores(summary(metrics=metrics), "test/ade")
    assert (alone.columns, alone.rows) == (("model",), (("test/ade", (1.0,)),))


def test_moved_samples_stand_apart_from_heads_and_baselines():
    metrics = {"test/mse": 1.0, "test/moved/xy/mse": 2.0, "test/xy/mse": 3.0}
    assert [metric for metric, _ in scores(summary(metrics=metrics)).rows] == ["test/mse"]


def test_empty():
    assert scores(EMPTY).rows == ()
