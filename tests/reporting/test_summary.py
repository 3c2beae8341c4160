from __future__ import annotations

import math

import numpy as np
import pytest
from reporting_samples import matrices

from softsym.reporting import Predictions, SymmetryResult
from softsym.reporting.symmetry_results import labels, strongest_first


def test_predictions_that_do_not_fit_are_refused():
    a = np.zeros((3, 4))
    with pytest.raises(ValueError, match=r"outputs must have the shape of the targets \(3, 4\)"):
        Predictions(a, a, a[:, :2], {})
    with pytest.raises(ValueError, match="still must have the shape"):
        Predictions(a, a, a, {"still": a[:2]})
    with pytest.raises(ValueError, match="2 inputs for 3 targets"):
        Predictions(a[:2], a, a, {})
    with pytest.raises(ValueError, match=r"must be \(samples, numbers\)"):
        Predictions(a[0], a, a, {})
    with pytest.raises(ValueError, match=r"no flattened \(time, 3\)"):
        Predictions(a, a, a, {}, track_dim=3)
    with pytest.raises(ValueError, match="track_dim must be 2, 3 or None, got 4"):
        Predictions(a, a, a, {}, track_dim=4)
    assert len(matrices(7)) == 7


def test_moved_answers_that_do_not_fit_are_refused():
    a, one = np.zeros((3, 4)), np.array([1])
    with pytest.raises(ValueError, match=r"moved_samples must be .* from 0 to 2, got \[3\]"):
        Predictions(a, a, a, {}, moved_samples=np.array([3]))
    with pytest.raises(ValueError, match=r"moved_samples must be a list of samples"):
        Predictions(a, a, a, {}, moved_samples=np.zeros((1, 1), dtype=int))
    for shape in ((1, 4), (2, 5, 4), (1, 5, 3)):
        with pytest.raises(
            ValueError, match=r"moved\['xy'\] must have the shape \(1, elements, 4\), got"
        ):
            Predictions(a, a, a, {}, moved={"xy": np.zeros(shape)}, moved_samples=one)
    assert not Predictions(a, a, a, {}).moved


def test_two_regularizers_of_one_group_have_different_labels():
    results = [SymmetryResult("a", "O(3)", 1.0, 1.0), SymmetryResult("b", "O(3)", 1.0, 1.0)]
    assert labels(results) == {"a": "O(3) (a)", "b": "O(3) (b)"}


def test_strength_that_is_no_number_comes_last():
    values = [1.0, math.nan, 5.0, 0.0]
    order = strongest_first([SymmetryResult(str(v), "G", v, 1.0) for v in values])
    assert [r.name for r in order] == ["5.0", "1.0", "0.0", "nan"]
