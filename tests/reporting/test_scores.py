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


def test_empty():
    assert scores(EMPTY).rows == ()
