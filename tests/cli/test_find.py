"""One call from arrays to verdicts."""

from __future__ import annotations

import numpy as np
import pytest

import softsym


@pytest.mark.filterwarnings("ignore")
def test_the_right_symmetry_is_found(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 3))
    Y = (X[:, :2] ** 2).sum(1, keepdims=True)  # keeps rotations about z alone
    found = softsym.find_symmetries(
        X, Y, {"xy": "O(2)@xy", "yz": "O(2)@yz"}, rep_in="T1", rep_out="T0", epochs=40
    )
    assert found.strengths["xy"] > found.strengths["yz"]
    assert found.test["xy"].estimate < 0.2 < found.test["yz"].estimate
    assert "Strengths: xy" in str(found)
    found.report(tmp_path / "page.html")
    assert "O(2)@xy" in (tmp_path / "page.html").read_text()


def test_types_that_do_not_fit_are_said():
    with pytest.raises(ValueError, match="has 4 columns"):
        softsym.find_symmetries(
            np.zeros((9, 4)), np.zeros((9, 1)), ["O(3)"], rep_in="T1", rep_out="T0"
        )
