"""Function regularizers on known tasks: a run of each kind, and what the table counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import function_tasks
from benchmarks.function_tasks import CELLS, TASKS, repetition, right_order, right_verdicts, table

ROTATION = TASKS["dials"]["rotation"]
TINY = ("datamodule.samples=60", "trainer.max_epochs=2", "adjust_epoch=1", "channels=8")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["plain", "grow_then_adjust"])
def test_a_run_is_one_of_train(monkeypatch, method):
    cell = f"dials|rotation|{method}"
    setting, _ = CELLS[cell]
    tiny = replace(setting, methods={method: (*setting.methods[method], *TINY)})
    monkeypatch.setitem(function_tasks.CELLS, cell, (tiny, method))
    found = repetition(cell, 0)
    assert found["mse"] > 0
    assert set(found["verdicts"]) == set(found["strengths"]) == set(setting.groups)
    assert (None in found["strengths"].values()) == (method == "plain")


def test_orders_and_verdicts_that_are_right():
    assert ROTATION.kept == ("Scaling(3)", "Reflect(3)")
    strengths = {"SO(3)": 0.1, "Scaling(3)": 0.2, "Reflect(3)": 0.3}
    assert right_order(ROTATION, strengths)
    assert not right_order(ROTATION, strengths | {"SO(3)": 0.2})
    assert right_order(ROTATION, strengths | {"SO(3)": None}) is None
    assert right_order(TASKS["dials"]["nothing"], strengths) is None
    said = {"SO(3)": "broken by 40%", "Scaling(3)": "undecided", "Reflect(3)": "holds within 3%"}
    assert right_verdicts(ROTATION, said)
    assert not right_verdicts(ROTATION, said | {"SO(3)": "undecided, at most 50%"})
    assert not right_verdicts(ROTATION, said | {"Scaling(3)": "broken by 9%"})
    assert right_verdicts(ROTATION, {"SO(3)": "broken"}) is None


def test_the_table_compares_seed_by_seed():
    def runs(*errors):
        kept = {"strengths": {}, "verdicts": {}}
        pairs = enumerate(errors)
        return [{"seed": s, "cpu": 9.6, "result": kept | {"mse": error}} for s, error in pairs]

    found = {"dials|scale|plain": runs(1.0, 2.0), "dials|scale|told": runs(0.5, 2.2)}
    assert list(table(found, "dials"))[2:] == [
        "| scale | plain | 1.500 ± 0.707 | 1.00 (to 1.00) | - | - | 10 |",
        "| scale | told | 1.350 ± 1.202 | 0.80 (to 1.10) | - | - | 10 |",
        "| mean of all | plain | 1.500 | 1.00 | | | |",
        "| mean of all | told | 1.350 | 0.90 | | | |",
    ]
