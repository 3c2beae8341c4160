"""Scales of columns, from chunks of rows."""

import numpy as np
import pytest

from softsym.datamodules import array_scales
from softsym.datamodules.array_scales import scales
from softsym.symmetries import rep


def test_scales_do_not_overflow_and_leave_nan_out(tmp_path):
    x = np.random.default_rng(0).standard_normal((200, 4)) * [1e200, 1, 1, 1]
    x[:, 0] += 5e200
    x[3, 0] = np.nan
    mean, scale = scales(x, np.arange(200), rep("T0+T1"), 3)
    assert float(mean[0]) == pytest.approx(1e200 * np.nanmean(x[:, 0] / 1e200))
    assert float(scale[0]) == pytest.approx(1e200 * np.nanstd(x[:, 0] / 1e200, ddof=1))
    assert float(scale[1]) == pytest.approx(np.sqrt((x[:, 1:] ** 2).mean()))
    assert mean[1:].tolist() == [0, 0, 0]


def test_chunks_of_rows_have_the_scales_of_all(monkeypatch):
    x = 1e4 + np.random.default_rng(0).standard_normal((1000, 4))
    rows = np.flatnonzero(np.arange(1000) % 3)
    mean, scale = scales(x, rows, rep("T0+T1"), 3)
    monkeypatch.setattr(array_scales, "CHUNK", 64)
    for whole, chunked in zip((mean, scale), scales(x, rows, rep("T0+T1"), 3), strict=True):
        assert chunked.tolist() == pytest.approx(whole.tolist(), rel=1e-13)
