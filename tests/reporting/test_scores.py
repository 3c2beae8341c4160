from __future__ import annotations

import pytest
from reporting_samples import EMPTY, summary, tracks

from softsym.reporting.scores import scores, split_key


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("test/ade", ("test/ade", "model")),
        ("test/equivariance_error/xy", ("test/equivariance_error/xy", "model")),
        ("test/baseline/cv/ade", ("test/ade", "cv")),
        ("test/cv/ade", ("test/ade", "cv")),
        ("test/ade_cv", ("test/ade", "cv")),
        ("test/cv_ade", ("test/ade", "cv")),
        ("cv", ("cv", "model")),
    ],
)
def test_keys(key, expected):
    assert split_key(key, ("cv",)) == expected


def test_model_stands_beside_the_baselines():
    metrics = {"test/ade": 1.0, "test/constant_velocity/ade": 2.0, "epoch": 3.0}
    table = scores(summary(metrics=metrics, predictions=tracks()))
    assert table.columns == ("model", "constant_velocity")
    assert table.rows == (("test/ade", (1.0, 2.0)), ("epoch", (3.0, None)))
    alone = scores(summary(metrics=metrics, predictions=None), "test")
    assert alone.rows == (("test/ade", (1.0, 2.0)),)


def test_baselines_without_metrics_are_scored_on_the_samples():
    table = scores(summary(metrics={"test/mse": 0.09}, predictions=tracks(20)), "test")
    rows = dict(table.rows)
    assert list(rows) == [
        "test/mse", "mse (20 samples)", "ade in m (20 samples)", "fde in m (20 samples)"
    ]  # fmt: skip
    assert rows["ade in m (20 samples)"][0] == pytest.approx(0.3 * 2**0.5)
    assert rows["ade in m (20 samples)"][1] > 1


def test_empty():
    assert scores(EMPTY).rows == ()
    assert scores(summary(metrics={}, predictions=tracks(0))).rows == ()
