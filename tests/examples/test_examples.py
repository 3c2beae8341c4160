"""The verdicts of each example name the right symmetry, on fewer samples than a reader gets."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.filterwarnings("ignore")
def test_existing_module():
    main = runpy.run_path(str(EXAMPLES / "existing_module.py"))["main"]
    tested, strengths = main(count=600, epochs=32)
    assert strengths.keys() == tested.keys()
    assert min(tested, key=lambda name: tested[name].estimate) == "xy"
